/** Waits `ms` milliseconds, or until `over` settles. Leaves no timer, which would keep a program alive. */
export async function pause(ms: number, over: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([passed, over]).finally(() => clearTimeout(timer));
}
