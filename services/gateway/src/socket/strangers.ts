import { addressKey, Tally } from '@parley/service-kit';

/** Maximum numbers of sockets without a token: per address and per process. */
const perAddress = 200;
const perProcess = 2_000;

/** The sockets of one door that have not shown a token yet. */
export class Strangers {
  readonly #ofNetworks = new Tally<string>();
  #count = 0;

  /** Returns whether one more socket from this address is too many. */
  isCrowded(address: string): boolean {
    return this.#count >= perProcess || this.#ofNetworks.count(addressKey(address)) >= perAddress;
  }

  /** Counts a socket without a token. Returns a function that forgets it; a second call does nothing. */
  add(address: string): () => void {
    const network = addressKey(address);
    this.#count += 1;
    this.#ofNetworks.add(network);
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      this.#count -= 1;
      this.#ofNetworks.remove(network);
    };
  }
}
