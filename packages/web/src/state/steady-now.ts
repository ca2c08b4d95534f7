/** Unix ms by the clock of this device as it was when the page began: who sets the clock meanwhile changes nothing. */
export function steadyNow(): number {
  return performance.timeOrigin + performance.now();
}
