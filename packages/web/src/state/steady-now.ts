/** Returns Unix ms. It is monotonic: later changes of the device's clock do not affect it. */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
