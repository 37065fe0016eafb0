/** A GPU as `nvidia-smi` sees it. */
export interface GpuUsage {
  readonly gpu: number; // its index
  readonly name: string;
  readonly utilization: number; // 0..1, share of the last moment in which a kernel ran; NaN where it is not told
  readonly memory: number; // bytes in use; NaN where it is not told
  readonly memoryTotal: number; // bytes
  readonly power: number; // W; NaN where it is not told
}

const fields = ["index", "name", "utilization.gpu", "memory.used", "memory.total", "power.draw"];

/**
 * Asks `nvidia-smi` what the GPUs do.
 *
 * @param command another program that answers as it does
 * @returns nothing where there is no such program, or where it can't reach its driver
 * @throws {SyntaxError} if it answers something else than the table that it was asked for
 */
export async function gpuUsage(command = "nvidia-smi"): Promise<GpuUsage[] | undefined> {
  const args = [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"];
  try {
    const { code, stdout } = await new Deno.Command(command, { args, stdout: "piped", stderr: "null" }).output();
    return code === 0 ? parseGpus(new TextDecoder().decode(stdout)) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/**
 * Reads `nvidia-smi --query-gpu=index,name,utilization.gpu,memory.used,memory.total,power.draw --format=csv,noheader,nounits`.
 * A value that a GPU does not tell (`[N/A]`, `[Not Supported]`) is NaN.
 *
 * @throws {SyntaxError} if a line is not of that table
 */
export function parseGpus(text: string): GpuUsage[] {
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const parts = line.split(",").map((part) => part.trim());
    if (parts.length !== fields.length || !/^\d+$/.test(parts[0])) {
      throw new SyntaxError(
        `Cannot read GPUs as nvidia-smi must answer ${fields.join(", ")}: current value is "${line}"`,
      );
    }
    const [index, name, ...rest] = parts;
    const [utilization, memory, memoryTotal, power] = rest.map((value) => /^[\d.]+$/.test(value) ? Number(value) : NaN);
    return {
      gpu: Number(index),
      name,
      utilization: utilization / 100,
      memory: memory * 2 ** 20,
      memoryTotal: memoryTotal * 2 ** 20,
      power,
    };
  });
}
