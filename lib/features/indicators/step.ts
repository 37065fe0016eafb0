/**
 * Goes over the bars `from` (inclusive) to `to` (exclusive), and has gone over those before: a kernel at work.
 *
 * Steps take the bars in blocks, in order, so that what one step writes the next finds in the cache. A step is best one
 * small loop: V8 keeps the numbers of a loop and the places of its columns in registers while there are few of them,
 * and three loops of three columns took a third of the time of one loop of nine. It compiles a function that is called
 * for every block better than a long loop it finds itself in, whose numbers it keeps boxed. What goes on from block to
 * block is kept in `state`; within a block it must be in local variables. Numbers of bars are not kept, but how far away
 * they are: where bars come for ever, columns are moved back by whole blocks now and then.
 */
export type Step = (from: number, to: number) => void;

/** Most bars that a step takes at once. */
export const blockLength = 1024;

/** Takes `steps` over all bars, block by block. */
export function walk(length: number, steps: readonly Step[]): void {
  for (let from = 0; from < length; from += blockLength) {
    const to = Math.min(length, from + blockLength);
    for (const step of steps) step(from, to);
  }
}

/** Does several steps in turn. */
export function inTurn(...steps: readonly Step[]): Step {
  if (steps.length === 1) return steps[0];
  return (from, to) => {
    for (const step of steps) step(from, to);
  };
}

/** A step over columns that begin at bar `start`: views made by `subarray(start)`. */
export function later(start: number, step: Step): Step {
  return (from, to) => {
    if (to > start) step(Math.max(0, from - start), to - start);
  };
}

/**
 * Bars after which a rolling sum is made afresh of its window, so that rounding cannot pile up however long the series.
 * Where that happens depends on the index only: the prefix law holds to the last bit.
 */
export const sumLength = 2 ** 15;

const kept: Float64Array[] = [];
let taken = 0;

/**
 * A column for what a kernel keeps to itself, until the computation ends. Columns are used again and again: fresh
 * memory costs more than computing what goes into it. What is in it at first means nothing.
 */
export function workColumn(length: number): Float64Array {
  taken++;
  return keptColumn(taken, length);
}

/**
 * A column for outputs that nobody asked for: a kernel that computes several at once writes them here and need not ask
 * at every bar. It is the same for all: what is in it means nothing.
 */
export function spareColumn(length: number): Float64Array {
  return keptColumn(0, length);
}

/** Gives all work columns back. */
export function freeWorkColumns(): void {
  taken = 0;
}

/** Leaves all work columns to whom they were given, and names them: kernels that go on as bars come need theirs for good. */
export function keepWorkColumns(): Float64Array[] {
  const given = kept.slice(1, taken + 1);
  kept.length = 0;
  taken = 0;
  return given;
}

function keptColumn(which: number, length: number): Float64Array {
  if (!(kept[which]?.length >= length)) kept[which] = new Float64Array(length);
  return kept[which].subarray(0, length);
}
