import type { Owned, RelayDown } from '@parley/contract';
import { type Logger, type Metrics, outsideCalls, type Part, type Refusal, refuse } from '@parley/runtime';
import { asRefusal, type ServiceClaims, type SigningKey } from '@parley/service-kit';
import type { Upstreams } from '../clients/upstreams.js';
import type { LivingServer, LivingServers } from '../store/living-servers.js';
import { ChannelOwners } from './channel-owners.js';
import type { ChannelFrame } from './down-frames.js';
import { type LinkListener, RelayLink } from './relay-link.js';

/** Observer of the links. Every method is optional. */
export interface RelayWatcher {
  /** A link has opened. It may not be connected yet. */
  onOpen?(link: RelayLink): void;
  /** The owning server of these channels has changed. */
  onOwners?(channelIds: readonly number[]): void;
  /** A frame of a followed channel. */
  onFrame?(link: RelayLink, frame: ChannelFrame): void;
  /** Any other frame that is not an answer. */
  onDown?(link: RelayLink, down: RelayDown): void;
  /** A link has ended. From now on, this gateway assumes that its server owns nothing. */
  onClose?(link: RelayLink): void;
}

export interface RelayLinksDeps {
  readonly living: Pick<LivingServers, 'all'>;
  readonly upstreams: Pick<Upstreams, 'relay'>;
  readonly key: Pick<SigningKey<ServiceClaims>, 'sign'>;
  /** Instance id of this gateway. */
  readonly instanceId: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Name of the relays of a gateway. Each chat server has one of them. */
const relayName = 'inbox';
const tickEveryMs = 1_000;
/** Limits of the delay before a server is tried again. It doubles with each failure. */
const retry = { leastMs: 200, mostMs: 5_000 } as const;

/** Minimum life of a link that does not count as failed. */
const steadyMs = 10_000;

function retryDelayMs(failures: number): number {
  return Math.random() * Math.min(retry.mostMs, retry.leastMs * 2 ** failures);
}

/** The links of this gateway: one to each live chat server, while something needs them. */
export class RelayLinks implements Part, LinkListener {
  readonly watchers = new Set<RelayWatcher>();
  /**
   * Functions that return whether links are needed. The links are open while any of them returns
   * true.
   */
  readonly needs = new Set<() => boolean>();
  readonly #deps: RelayLinksDeps;
  readonly #owners = new ChannelOwners();
  readonly #links = new Map<string, RelayLink>();
  /** Servers to which no link may be opened now: it is being opened, or it waits for a retry. */
  readonly #busy = new Set<string>();
  /** Number of links to a server that failed in a row, by instance id. */
  readonly #failures = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(deps: RelayLinksDeps) {
    this.#deps = deps;
    this.#timer = setInterval(() => this.#tick(), tickEveryMs).unref();
    deps.metrics.gauge('parley_relays', 'open relays to chat servers', () => this.#links.size);
    deps.metrics.gauge('parley_relay_channels', 'channels whose owning server is known', () => this.#owners.size);
  }

  /** Returns the link to the owning server of a channel, if that is known. */
  ownerOf(channelId: number): RelayLink | undefined {
    return this.#owners.ownerOf(channelId);
  }

  /** Returns the link to a chat server. */
  find(instanceId: string): RelayLink | undefined {
    return this.#links.get(instanceId);
  }

  /** Opens the links that are missing, if they are needed. Runs automatically every second. */
  openMissing(): void {
    if (this.#isStopped || !this.#isNeeded()) return;
    for (const server of this.#deps.living.all) {
      const { instanceId } = server;
      if (!this.#links.has(instanceId) && !this.#busy.has(instanceId)) void outsideCalls(() => this.#open(server));
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#closeAll();
  }

  #isNeeded(): boolean {
    return [...this.needs].some((isNeeded) => isNeeded());
  }

  #closeAll(): void {
    for (const link of [...this.#links.values()]) link.close(refuse('draining'));
  }

  #tick(): void {
    this.#owners.tick(performance.now());
    for (const link of [...this.#links.values()]) link.tick();
    if (this.#isNeeded()) this.openMissing();
    else this.#closeAll();
    const living = new Set(this.#deps.living.all.map(({ instanceId }) => instanceId));
    for (const id of this.#failures.keys()) if (!living.has(id)) this.#failures.delete(id);
  }

  async #open({ instanceId, internalAddr }: LivingServer): Promise<void> {
    const { key, upstreams, log } = this.#deps;
    this.#busy.add(instanceId);
    const token = await key.sign({ sub: this.#deps.instanceId }, instanceId).catch((err: unknown) => {
      log.warn({ err }, 'no token for a relay; will retry');
    });
    if (token === undefined) return this.#retry(instanceId);
    this.#busy.delete(instanceId);
    if (this.#isStopped) return;
    const upstream = upstreams.relay(internalAddr);
    const link = new RelayLink({ instanceId, name: relayName, upstream, token, listener: this });
    this.#links.set(instanceId, link);
    for (const watcher of this.watchers) watcher.onOpen?.(link);
    await this.#readOwned(link).catch((thrown: unknown) => link.close(asRefusal(thrown)));
  }

  /** Reads all pages of the channels that a server owns. */
  async #readOwned(link: RelayLink): Promise<void> {
    for (let after = 0, more = true; more; ) {
      const { owned } = await link.ask({ owned: { afterChannelId: after } });
      if (owned === undefined || (owned.next !== 0 && owned.next <= after)) throw refuse('malformed');
      this.#apply(link, owned);
      after = owned.next;
      more = after !== 0;
    }
  }

  #apply(link: RelayLink, owned: Owned): void {
    const changed = this.#owners.apply(link, owned);
    for (const watcher of this.watchers) watcher.onOwners?.(changed);
  }

  #retry(instanceId: string): void {
    const failures = (this.#failures.get(instanceId) ?? 0) + 1;
    this.#failures.set(instanceId, failures);
    this.#busy.add(instanceId);
    setTimeout(() => {
      this.#busy.delete(instanceId);
      this.openMissing();
    }, retryDelayMs(failures)).unref();
  }

  onFrame(link: RelayLink, frame: ChannelFrame): void {
    for (const watcher of this.watchers) watcher.onFrame?.(link, frame);
  }

  onDown(link: RelayLink, down: RelayDown): void {
    if (down.owned !== undefined) this.#apply(link, down.owned);
    else for (const watcher of this.watchers) watcher.onDown?.(link, down);
  }

  onClose(link: RelayLink, why: Refusal): void {
    const { instanceId, openedAtMs } = link;
    this.#links.delete(instanceId);
    if (performance.now() - openedAtMs > steadyMs) this.#failures.delete(instanceId);
    this.#owners.lose(link);
    for (const watcher of this.watchers) watcher.onClose?.(link);
    if (this.#isStopped || !this.#isNeeded()) return;
    this.#deps.log.warn({ err: why, server: instanceId }, 'relay closed; will open it again');
    this.#retry(instanceId);
  }
}
