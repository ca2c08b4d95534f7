import { performance } from 'node:perf_hooks';
import { ReportRequest, type ServerState } from '@parley/contract';
import { atMost, type Logger, Refusal } from '@parley/runtime';
import type { Managers } from '../clients/managers.js';
import type { Channels } from '../core/channels.js';
import type { Lease, LeaseMoment } from '../core/lease.js';
import type { Sessions } from '../session/sessions.js';
import type { HeadStore } from '../store/heads.js';

/** Who this chat server is, as its reports say. */
export interface InstanceIdentity {
  readonly bootId: string;
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
  /** For how long the database has not answered this server. */
  readonly unansweredMs: () => number;
  /** Called where the database answers the managers and not this server. */
  readonly onCutOff: () => void;
  /** Called where the database may no longer agree on what this server owns. */
  readonly onDoubt: () => Promise<unknown>;
  readonly log: Logger;
}

const leaseSeconds = 3;
/** The managers reach the database, so they would renew for ever what this server cannot look after. */
const cutOffMs = 3_000;
const answerWithinMs = 1_000;
/** Seats at which a server calls itself full. */
const fullSeats = 2_000;

/** Now, on both clocks. */
export function moment(): LeaseMoment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/** The heartbeat: tells a manager, once a second, that this server lives and how loaded it is; a success is a lease. */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #utilization = performance.eventLoopUtilization();
  /** Why no manager has taken the last report; undefined where one has. */
  #refused: string | undefined = 'none was sent yet';
  #warned = false;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
  }

  /** Rejects with one sentence where nobody can be served: no manager knows of this server, or it cannot be sure of its channels. */
  async checkAccepted(): Promise<void> {
    if (this.#refused !== undefined)
      throw new Error(`no manager takes the reports of this chat server: ${this.#refused}`);
    if (!this.#deps.lease.holds(moment())) throw new Error('the lease of this chat server has run out');
  }

  /** One report. Where no manager answers, the lease is renewed directly. */
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

  /** Asks again before anything is given up: who was asleep for that long has not been refused an answer. */
  async #isAnswered(): Promise<boolean> {
    const asked = this.#deps.onDoubt().then(
      () => true,
      () => false,
    );
    return (await atMost(asked, answerWithinMs)) === true;
  }

  /** Where no manager can tell the database either, everybody is cut off, and nobody can take what is ours: it is kept. */
  async #giveUp(state: ServerState): Promise<void> {
    this.#deps.lease.end();
    await this.#deps.managers.report({ ...this.#request(state), cutOff: true });
    this.#deps.onCutOff();
  }

  /** What another server has by now is left before anything is said as the owner again. */
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
    if (this.#warned) this.#deps.log.info('a manager takes reports again');
    this.#warned = false;
  }

  #warn(): void {
    const { log } = this.#deps;
    if (!this.#warned) log.warn({ cause: this.#refused }, 'no manager takes reports; the lease is renewed directly');
    this.#warned = true;
  }

  #request(state: ServerState): ReportRequest {
    const { identity, channels, sessions } = this.#deps;
    return ReportRequest.fromPartial({
      server: {
        id: identity.bootId,
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

  /** 0..1: how busy the loop was since the last report, or how full the server is, whichever is more. */
  #load(): number {
    const before = this.#utilization;
    this.#utilization = performance.eventLoopUtilization();
    const busy = performance.eventLoopUtilization(this.#utilization, before).utilization;
    return Math.min(1, Math.max(busy, this.#deps.sessions.size / fullSeats));
  }
}
