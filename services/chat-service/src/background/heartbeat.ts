import { performance } from 'node:perf_hooks';
import { ReportRequest, type ServerState } from '@parley/contract';
import { atMost, type Logger, Refusal } from '@parley/runtime';
import type { Managers } from '../clients/managers.js';
import type { Channels } from '../core/channels.js';
import type { Lease, LeaseMoment } from '../core/lease.js';
import type { Sessions } from '../session/sessions.js';
import type { HeadStore } from '../store/heads.js';

/** Identity of a chat server in its reports. */
export interface InstanceIdentity {
  readonly instanceId: string;
  readonly name: string;
  readonly addr: string;
  readonly internalAddr: string;
  readonly tls: boolean;
}

export interface HeartbeatDeps {
  readonly identity: InstanceIdentity;
  readonly managers: Managers;
  readonly heads: HeadStore;
  readonly lease: Lease;
  readonly channels: Channels;
  readonly sessions: Sessions;
  /** Milliseconds since the last response of the database to this server. */
  readonly unansweredMs: () => number;
  /** Called if the database responds to the managers but not to this server. */
  readonly onCutOff: () => void;
  /** Asks the database which channels this server owns, and leaves the others. */
  readonly onDoubt: () => Promise<unknown>;
  readonly log: Logger;
}

const leaseSeconds = 3;
/**
 * Milliseconds without a response from the database after which this server gives its channels up.
 * Otherwise managers that still reach the database would renew its lease for ever.
 */
const cutOffMs = 3_000;
const answerWithinMs = 1_000;
/** Number of seats at which a server reports a load of 1. */
const fullSeats = 2_000;

/** Returns the current moment on both clocks. */
export function moment(): LeaseMoment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/**
 * Reports once a second to a manager that this server is alive, and how loaded it is. A success
 * renews the lease.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #utilization = performance.eventLoopUtilization();
  /** Reason why no manager accepted the last report, or undefined if one did. */
  #refused: string | undefined = 'No report was sent yet.';
  #warned = false;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /**
   * Checks that a manager accepted the last report and that the lease has not lapsed.
   * @throws {Error} one sentence, if no manager accepted the last report or the lease has lapsed.
   */
  async checkAccepted(): Promise<void> {
    if (this.#refused !== undefined)
      throw new Error(`No manager accepts the reports of this chat server: ${this.#refused}`);
    if (!this.#deps.lease.holds(moment())) throw new Error('The lease of this chat server has lapsed.');
  }

  /** Sends one report. If no manager responds, renews the lease in the database directly. */
  async report(state: ServerState): Promise<void> {
    if (this.#deps.unansweredMs() > cutOffMs && !(await this.#isAnswered())) return this.#giveUp(state);
    const sentAt = moment();
    try {
      await this.#deps.managers.report(this.#request(state));
      this.#deps.lease.confirm(sentAt);
      this.#taken();
    } catch (thrown) {
      if (thrown instanceof Refusal && thrown.reason === 'not-mine') await this.#doubt(sentAt);
      else await this.#renewDirectly(thrown);
    }
  }

  /**
   * Asks the database once more before the server gives up, because a suspended process could not
   * receive a response.
   */
  async #isAnswered(): Promise<boolean> {
    const asked = this.#deps.onDoubt().then(
      () => true,
      () => false,
    );
    return (await atMost(asked, answerWithinMs)) === true;
  }

  /**
   * Gives all channels up. Throws and keeps them if no manager accepts the report: in that case
   * nobody reaches the database, and no other server can take the channels.
   */
  async #giveUp(state: ServerState): Promise<void> {
    this.#deps.lease.end();
    await this.#deps.managers.report({ ...this.#request(state), cutOff: true });
    this.#deps.onCutOff();
  }

  /** Leaves channels that another server owns now, then confirms the lease. */
  async #doubt(sentAt: LeaseMoment): Promise<void> {
    await this.#deps.onDoubt();
    this.#deps.lease.confirm(sentAt);
  }

  async #renewDirectly(cause: unknown): Promise<void> {
    this.#refused = cause instanceof Error ? cause.message : String(cause);
    const sentAt = moment();
    if (!(await this.#deps.heads.renewLease(leaseSeconds))) throw cause;
    this.#warn();
    if (this.#deps.lease.holds(sentAt)) this.#deps.lease.confirm(sentAt);
    else await this.#doubt(sentAt);
  }

  #taken(): void {
    this.#refused = undefined;
    if (this.#warned) this.#deps.log.info('a manager accepts reports again');
    this.#warned = false;
  }

  #warn(): void {
    const { log } = this.#deps;
    if (!this.#warned) log.warn({ cause: this.#refused }, 'no manager accepts reports; renewing the lease directly');
    this.#warned = true;
  }

  #request(state: ServerState): ReportRequest {
    const { identity, channels, sessions } = this.#deps;
    return ReportRequest.fromPartial({
      server: {
        id: identity.instanceId,
        addr: identity.addr,
        internalAddr: identity.internalAddr,
        name: identity.name,
        tls: identity.tls,
        state,
        load: this.#load(),
        seats: sessions.size,
      },
      channels: channels.all().map(({ facts }) => ({ id: facts.id, epoch: facts.epoch })),
      metric: { kv: { channels: String(channels.size), rss: String(process.memoryUsage.rss()) } },
    });
  }

  /**
   * Returns the load from 0 to 1: the utilization of the event loop since the last report or the
   * share of seats in use, whichever is greater.
   */
  #load(): number {
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(this.#utilization, before).utilization;
    return Math.min(1, Math.max(busy, this.#deps.sessions.size / fullSeats));
  }
}
