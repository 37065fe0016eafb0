import type { Ppo } from "../../agent/ppo.ts";
import type { Env } from "../../env/env.ts";

/** Takes the time of a part of the work, ms. */
export type OnPart = (part: string, ms: number) => void;

/** Tells where a training's time goes: `env`, `update` (learning), `look` (asking the policy, and dealing what was seen). */
export interface PartClock {
  /** The same env, its steps timed. */
  env<E extends Pick<Env, "step">>(env: E): E;
  /** Times the learning of a training. */
  watch(ppo: Ppo): void;
  /** To be called when the first rollout begins, and at the end of each update: what no other part took is `look`. */
  lap(): void;
  /** What is done from here to `resume` is no part of the training: trials on validation, checkpoints. */
  pause(part: string): Disposable;
}

/** A clock that adds some 0.1 µs to a step of the env, and changes nothing that the training computes. */
export function partClock(onPart: OnPart): PartClock {
  let [from, known] = [NaN, 0];
  const add = (part: string, since: number) => {
    const spent = performance.now() - since;
    known += spent;
    onPart(part, spent);
  };
  return {
    env(env) {
      return {
        ...env,
        step(actions) {
          const since = performance.now();
          const out = env.step(actions);
          add("env", since);
          return out;
        },
      };
    },
    watch({ net }) {
      const learn = net.learn.bind(net);
      net.learn = async (...given) => {
        const since = performance.now();
        const stats = await learn(...given);
        add("update", since);
        return stats;
      };
    },
    lap() {
      const now = performance.now();
      if (from <= now) onPart("look", Math.max(0, now - from - known));
      [from, known] = [now, 0];
    },
    pause(part) {
      const since = performance.now();
      return { [Symbol.dispose]: () => add(part, since) };
    },
  };
}
