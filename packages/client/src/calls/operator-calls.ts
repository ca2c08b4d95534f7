import {
  AbuseReport,
  AdminService,
  ChannelServer,
  DeleteUserRequest,
  type Gateway,
  Hold,
  KickRequest,
  ListAbuseReportsRequest,
  type ListAbuseReportsResponse,
  ListAllChannelsRequest,
  type ListAllChannelsResponse,
  type ListAuditResponse,
  type ListHoldsResponse,
  ListUsersRequest,
  type ListUsersResponse,
  type Method,
  Page,
  SetHoldRequest,
  User,
} from '@parley/contract';
import type { UnaryCall } from '../transport.js';
import type { Abortable, Ask } from './ask.js';

/** What an operator can change of a user. */
export type AccountChange = Pick<User, 'id'> & Partial<Pick<User, 'role' | 'status' | 'email' | 'emailVerified'>>;

function repeatable<Q, S>(method: Method<Q, S>): UnaryCall<Q, S> {
  return { ...method, service: 'managers', isRepeatable: true };
}

function once<Q, S>(method: Method<Q, S>): UnaryCall<Q, S> {
  return { ...method, service: 'managers', isRepeatable: false };
}

/**
 * The operator's calls that have a single response. Each rejects with a `Refusal`.
 *
 * @example
 * ```ts
 * import { OperatorCalls, type Transport } from '@parley/client';
 *
 * export function operatorCalls(transport: Transport, token: string): OperatorCalls {
 *   return new OperatorCalls((call, request, signal) => transport.ask(call, request, { token, signal }));
 * }
 * ```
 */
export class OperatorCalls {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Lists the chat servers that run, and those that stopped in the last ten minutes. */
  async servers({ signal }: Abortable = {}): Promise<ChannelServer[]> {
    return (await this.#ask(repeatable(AdminService.listServers), {}, signal)).servers;
  }

  /** Lists the gateways that run, and those that stopped in the last ten minutes. */
  async gateways({ signal }: Abortable = {}): Promise<Gateway[]> {
    return (await this.#ask(repeatable(AdminService.listGateways), {}, signal)).gateways;
  }

  /**
   * Drains a chat server or a gateway until it restarts. `id` is from `servers` or `gateways`. The
   * channels of a chat server move to other servers. A gateway notices within a second or two, and
   * its clients reconnect to other gateways.
   * @throws {Refusal} `server-not-found`
   */
  async drain(id: string): Promise<void> {
    await this.#ask(once(AdminService.drain), ChannelServer.fromPartial({ id }), undefined);
  }

  /**
   * Sets a user's role or status, or verifies the user's address `email` with `emailVerified`.
   * Returns the changed user.
   * @throws {Refusal} `user-not-found`, `email-changed` or `last-operator`
   */
  setUser(change: AccountChange): Promise<User> {
    return this.#ask(once(AdminService.setUser), User.fromPartial(change), undefined);
  }

  /**
   * Ends the streams of a user, of a channel, or of one user in one channel. `reason` goes into the
   * audit; the users do not see it.
   */
  async kick(whom: Partial<Pick<KickRequest, 'userId' | 'channelId' | 'reason'>>): Promise<void> {
    await this.#ask(once(AdminService.kick), KickRequest.fromPartial(whom), undefined);
  }

  /** Lists the operators' actions, the newest first. */
  audit(page: Partial<Pick<Page, 'size' | 'after'>> = {}, { signal }: Abortable = {}): Promise<ListAuditResponse> {
    return this.#ask(repeatable(AdminService.listAudit), Page.fromPartial(page), signal);
  }

  /** Lists accounts by the start of id, name or email address, ordered by number. */
  users(
    request: Parameters<typeof ListUsersRequest.fromPartial>[0] = {},
    { signal }: Abortable = {},
  ): Promise<ListUsersResponse> {
    return this.#ask(repeatable(AdminService.listUsers), ListUsersRequest.fromPartial(request), signal);
  }

  /** Lists channels of every kind by the start of their name, ordered by id. */
  channels(
    request: Parameters<typeof ListAllChannelsRequest.fromPartial>[0] = {},
    { signal }: Abortable = {},
  ): Promise<ListAllChannelsResponse> {
    return this.#ask(repeatable(AdminService.listAllChannels), ListAllChannelsRequest.fromPartial(request), signal);
  }

  /** Lists reports of abuse, the newest first; resolved ones too if `resolved` is set. */
  reports(
    request: Parameters<typeof ListAbuseReportsRequest.fromPartial>[0] = {},
    { signal }: Abortable = {},
  ): Promise<ListAbuseReportsResponse> {
    return this.#ask(repeatable(AdminService.listAbuseReports), ListAbuseReportsRequest.fromPartial(request), signal);
  }

  /** Marks a report of abuse as resolved. */
  async resolveReport(id: number): Promise<void> {
    await this.#ask(repeatable(AdminService.resolveAbuseReport), AbuseReport.fromPartial({ id }), undefined);
  }

  /**
   * Sets a legal hold on a channel or a user. While it stands, operators can still read messages that
   * users edit or delete, and those that retention removes. Users do not notice it.
   * @throws {Refusal} `already-held`, `channel-not-found` or `user-not-found`
   */
  setHold(
    request: Pick<SetHoldRequest, 'reason'> & Partial<Pick<SetHoldRequest, 'channelId' | 'userId'>>,
  ): Promise<Hold> {
    return this.#ask(once(AdminService.setHold), SetHoldRequest.fromPartial(request), undefined);
  }

  /** Lists the legal holds that stand, the newest first. */
  holds(page: Partial<Pick<Page, 'size' | 'after'>> = {}, { signal }: Abortable = {}): Promise<ListHoldsResponse> {
    return this.#ask(repeatable(AdminService.listHolds), Page.fromPartial(page), signal);
  }

  /**
   * Releases a legal hold. The messages that it kept are deleted minutes later.
   * @throws {Refusal} `hold-not-found`
   */
  async releaseHold(id: number): Promise<void> {
    await this.#ask(once(AdminService.releaseHold), Hold.fromPartial({ id }), undefined);
  }

  /** Deletes an account for good, with its messages if `purge` is set. */
  async deleteUser(userId: string, purge: boolean): Promise<void> {
    await this.#ask(once(AdminService.deleteUser), DeleteUserRequest.fromPartial({ userId, purge }), undefined);
  }
}
