import { refuse } from '@parley/runtime';

interface Job {
  readonly start: () => void;
  readonly refuse: (cause: unknown) => void;
}

const remembered = 10_000;

/**
 * Runs one job at a time and picks the waiting caller served longest ago. If a hundred addresses of
 * an attacker are queued, a new address waits only for the running job.
 */
export class HashQueue {
  readonly #atMost: () => number;
  readonly #waiting = new Map<string, Job[]>();
  /** Turn of each caller's last job, oldest first. */
  readonly #served = new Map<string, number>();
  #size = 0;
  #turn = 0;
  #busy = false;

  /** Creates a queue. `atMost` returns the maximum number of waiting jobs. */
  constructor(atMost: () => number) {
    this.#atMost = atMost;
  }

  /**
   * Runs `work` for caller `who` at its turn and returns its result.
   * @throws {Refusal} `too-busy` if the queue is full of callers with priority, or fills up while
   *   waiting.
   */
  run<T>(who: string, work: () => Promise<T>): Promise<T> {
    if (this.#size >= this.#atMost()) this.#makeRoom(who);
    return new Promise((resolve, reject) => {
      const start = () => void work().then(resolve, reject).finally(this.#next);
      const jobs = this.#waiting.get(who) ?? [];
      this.#waiting.set(who, jobs);
      jobs.push({ start, refuse: reject });
      this.#size++;
      if (!this.#busy) this.#next();
    });
  }

  #lastServed(who: string): number {
    return this.#served.get(who) ?? -1;
  }

  /** Refuses the newest job of the caller last in line, unless that is `who`. */
  #makeRoom(who: string): void {
    const comesLater = (a: string, b: string) => this.#lastServed(a) > this.#lastServed(b);
    const last = [...this.#waiting.keys()].reduce((found, one) => (comesLater(one, found) ? one : found), who);
    const longest = [...this.#waiting].reduce((found, one) => (one[1].length > found[1].length ? one : found));
    const victim = last === who && longest[1].length > (this.#waiting.get(who)?.length ?? 0) + 1 ? longest[0] : last;
    if (victim === who) throw refuse('too-busy');
    this.#take(victim, 'pop')?.refuse(refuse('too-busy'));
  }

  #take(who: string, from: 'shift' | 'pop'): Job | undefined {
    const jobs = this.#waiting.get(who);
    const job = jobs?.[from]();
    if (jobs?.length === 0) this.#waiting.delete(who);
    if (job !== undefined) this.#size--;
    return job;
  }

  readonly #next = (): void => {
    const who = [...this.#waiting.keys()].reduce<string | undefined>(
      (first, one) => (first === undefined || this.#lastServed(one) < this.#lastServed(first) ? one : first),
      undefined,
    );
    const job = who === undefined ? undefined : this.#take(who, 'shift');
    this.#busy = job !== undefined;
    if (job === undefined || who === undefined) return;
    this.#note(who);
    job.start();
  };

  #note(who: string): void {
    this.#served.delete(who);
    this.#served.set(who, this.#turn++);
    const [oldest] = this.#served.keys();
    if (this.#served.size > remembered && oldest !== undefined) this.#served.delete(oldest);
  }
}
