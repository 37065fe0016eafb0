import { join, resolve } from "node:path";
import { writeAtomic } from "../base/files.ts";

/** The name under which notebooks ask for the kernel. */
export const KERNEL_NAME = "candelabra";

/** What a notebook's metadata says of its kernel. */
export const notebookMetadata = {
  kernelspec: { display_name: "Candelabra (Deno)", language: "typescript", name: KERNEL_NAME },
  language_info: { file_extension: ".ts", mimetype: "text/x.typescript", name: "typescript" },
} as const;

/**
 * Writes the kernel's description to `.jupyter/kernels/candelabra/kernel.json`: this very Deno. `deno jupyter
 * --install` would put another one into the user's home.
 *
 * @returns the folder that Jupyter's programs need on JUPYTER_PATH
 */
export async function writeKernelSpec(root = Deno.cwd()): Promise<string> {
  const folder = resolve(root, ".jupyter");
  const spec = {
    argv: [Deno.execPath(), "jupyter", "--quiet", "--kernel", "--conn", "{connection_file}"],
    display_name: `Candelabra (Deno ${Deno.version.deno})`,
    language: "typescript",
    interrupt_mode: "message", // a signal would end the kernel
    env: { JUPYTER_TOKEN: "" }, // JupyterLab's own, not for cells
  };
  await writeAtomic(join(folder, "kernels", KERNEL_NAME, "kernel.json"), JSON.stringify(spec, null, 2) + "\n");
  return folder;
}

/** Variables that keep everything Jupyter reads and writes inside the project's `.jupyter`. */
export function jupyterEnvironment(root = Deno.cwd()): Record<string, string> {
  const folder = resolve(root, ".jupyter");
  return {
    JUPYTER_PATH: folder,
    JUPYTER_DATA_DIR: folder,
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(folder, "lab", "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(folder, "lab", "workspaces"),
    JUPYTER_PLATFORM_DIRS: "1",
    IPYTHONDIR: join(folder, "ipython"),
  };
}
