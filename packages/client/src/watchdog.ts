/** Time for the first frame of a stream, in milliseconds. */
export const welcomeWithinMs = 10_000;
/** Number of ping intervals after which a silent server counts as lost. */
export const pingsMissed = 2.5;

/**
 * Calls back if the other side is silent for too long. It uses one timer, no matter how many frames
 * arrive.
 */
export class Watchdog {
  readonly #onSilence: () => void;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #limitMs = 0;
  #heardAtMs = 0;

  constructor(onSilence: () => void, now: () => number = () => performance.now()) {
    this.#onSilence = onSilence;
    this.#now = now;
  }

  /** Starts watching: calls back after `ms` milliseconds of silence. 0 stops watching. */
  expectWithin(ms: number): void {
    this.stop();
    this.#limitMs = ms;
    this.heard();
    if (ms > 0) this.#wait(ms);
  }

  /** Records a sign of life. */
  heard(): void {
    this.#heardAtMs = this.#now();
  }

  /** Stops watching. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), ms);
  }

  #check(): void {
    const leftMs = this.#heardAtMs + this.#limitMs - this.#now();
    if (leftMs > 0) this.#wait(leftMs);
    else this.#onSilence();
  }
}
