/** A job that waits for the turn of its caller. */
export interface WaitingJob {
  readonly caller: { readonly key: string; readonly network: string };
}

type Network<J> = Map<string, J[]>;

const sizeOf = <J>(network: Network<J>): number => [...network.values()].reduce((sum, jobs) => sum + jobs.length, 0);

/** Returns the entry with the greatest size, and the last one if several have it. */
function longestOf<T>(all: Iterable<T>, size: (one: T) => number): T | undefined {
  let longest: T | undefined;
  for (const one of all) if (longest === undefined || size(one) >= size(longest)) longest = one;
  return longest;
}

/**
 * Jobs in rounds: each network gets one turn per round and gives it to its addresses in turn. Keeps
 * nothing about callers without a waiting job.
 */
export class WaitingLine<J extends WaitingJob> {
  /** The networks, and the addresses of each, in the order of their turns. */
  readonly #networks = new Map<string, Network<J>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a job. A caller without a waiting job joins the end of the round. */
  push(job: J): void {
    const { key, network: name } = job.caller;
    const network = this.#networks.get(name) ?? new Map<string, J[]>();
    const jobs = network.get(key) ?? [];
    jobs.push(job);
    network.set(key, jobs);
    this.#networks.set(name, network);
    this.#size++;
  }

  /** Removes and returns the next job, and moves its caller to the end of the round. */
  shift(): J | undefined {
    const [name, network] = this.#networks.entries().next().value ?? [];
    const [key, jobs] = network?.entries().next().value ?? [];
    if (name === undefined || network === undefined || key === undefined || jobs === undefined) return undefined;
    const job = jobs[0];
    if (job === undefined) return undefined;
    this.remove(job);
    if (network.delete(key) && jobs.length > 0) network.set(key, jobs);
    if (this.#networks.delete(name) && network.size > 0) this.#networks.set(name, network);
    return job;
  }

  /** Removes a job. Does nothing if it no longer waits. */
  remove(job: J): void {
    const { key, network: name } = job.caller;
    const network = this.#networks.get(name);
    const jobs = network?.get(key);
    const at = jobs?.indexOf(job) ?? -1;
    if (network === undefined || jobs === undefined || at < 0) return;
    jobs.splice(at, 1);
    this.#size--;
    if (jobs.length === 0) network.delete(key);
    if (network.size === 0) this.#networks.delete(name);
  }

  /** Returns the newest job of the address with the most jobs in the network with the most jobs. */
  newestOfLongest(): J | undefined {
    const network = longestOf(this.#networks.values(), sizeOf);
    return network && longestOf(network.values(), (jobs) => jobs.length)?.at(-1);
  }

  /**
   * Returns the job to refuse in favour of a job of `caller`, or undefined if there is none. Takes
   * the newest job of the network with the most jobs, if that network has at least two more than
   * the caller's. Otherwise takes the newest job of the address with the most jobs in the caller's
   * network, if that address has at least two more than the caller's.
   */
  newestAhead({ key, network: name }: WaitingJob['caller']): J | undefined {
    const own = this.#networks.get(name) ?? new Map<string, J[]>();
    const longest = longestOf(this.#networks.values(), sizeOf);
    if (longest !== undefined && sizeOf(longest) > sizeOf(own) + 1) return this.newestOfLongest();
    const jobs = longestOf(own.values(), (some) => some.length);
    return jobs !== undefined && jobs.length > (own.get(key)?.length ?? 0) + 1 ? jobs.at(-1) : undefined;
  }
}
