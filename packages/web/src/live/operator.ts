import { createClient, type Invite, type ParleyClient, Refusal, type User } from '@parley/client';
import { webTransport } from '@parley/client/web';
import {
  AbuseReport,
  AdminService,
  ChannelServer,
  DeleteUserRequest,
  type Gateway,
  KickRequest,
  ListAbuseReportsRequest,
  type ListAbuseReportsResponse,
  ListAllChannelsRequest,
  type ListAllChannelsResponse,
  type ListAuditResponse,
  ListUsersRequest,
  type ListUsersResponse,
  type Method,
  Page,
  User as UserMessage,
  type UserStatus,
} from '@parley/contract';
import { endsSession } from '../state/session.js';

/** Number of rows in a page of a list. */
const size = 50;

/** Which accounts to list. */
export interface PeopleQuery {
  readonly text: string;
  readonly status: UserStatus;
}

/** What to change of a user. */
export type PersonChange = Pick<User, 'id'> & Partial<Pick<User, 'role' | 'status' | 'email' | 'emailVerified'>>;

/** The calls of an operator, which are those of `parley admin`. Each rejects with a `Refusal`. */
export class Operator {
  readonly #transport = webTransport();
  readonly #token: string;
  readonly #onRefused: (reason: string) => void;
  readonly #client: ParleyClient;

  /** `onRefused` is called when the session is over, or the user is no operator any more. */
  constructor(token: string, onRefused: (reason: string) => void) {
    this.#token = token;
    this.#onRefused = onRefused;
    this.#client = createClient({ transport: this.#transport, token });
  }

  async servers(signal?: AbortSignal): Promise<readonly ChannelServer[]> {
    return (await this.#ask(AdminService.listServers, {}, signal)).servers;
  }

  async gateways(signal?: AbortSignal): Promise<readonly Gateway[]> {
    return (await this.#ask(AdminService.listGateways, {}, signal)).gateways;
  }

  async drain(id: string): Promise<void> {
    await this.#ask(AdminService.drain, ChannelServer.fromPartial({ id }));
  }

  users({ text, status }: PeopleQuery, after: string, signal?: AbortSignal): Promise<ListUsersResponse> {
    const request = ListUsersRequest.fromPartial({ text, status, page: { size, after } });
    return this.#ask(AdminService.listUsers, request, signal);
  }

  setUser(change: PersonChange): Promise<User> {
    return this.#ask(AdminService.setUser, UserMessage.fromPartial(change));
  }

  /** Ends the streams of a user, or of everyone in a channel. `reason` goes into the audit. */
  async kick(whom: Partial<Pick<KickRequest, 'userId' | 'channelId' | 'reason'>>): Promise<void> {
    await this.#ask(AdminService.kick, KickRequest.fromPartial(whom));
  }

  async deleteUser(userId: string, purge: boolean): Promise<void> {
    await this.#ask(AdminService.deleteUser, DeleteUserRequest.fromPartial({ userId, purge }));
  }

  /** Gives a user a one-time password, and returns it. */
  resetPassword(userId: string): Promise<string> {
    return this.#watched(this.#client.people.resetPassword(userId));
  }

  /** Creates an invitation to register. `expiresAt` is in Unix ms. */
  invite(maxUses: number, expiresAt: number): Promise<Invite> {
    return this.#watched(this.#client.invites.create(0, { maxUses, expiresAt }));
  }

  channels(text: string, after: string, signal?: AbortSignal): Promise<ListAllChannelsResponse> {
    const request = ListAllChannelsRequest.fromPartial({ text, page: { size, after } });
    return this.#ask(AdminService.listAllChannels, request, signal);
  }

  deleteChannel(id: number): Promise<void> {
    return this.#watched(this.#client.delete(id));
  }

  /** Returns reports of abuse, the newest first; resolved ones too if `resolved` is set. */
  reports(resolved: boolean, after: string, signal?: AbortSignal): Promise<ListAbuseReportsResponse> {
    const request = ListAbuseReportsRequest.fromPartial({ resolved, page: { size, after } });
    return this.#ask(AdminService.listAbuseReports, request, signal);
  }

  async resolveReport(id: number): Promise<void> {
    await this.#ask(AdminService.resolveAbuseReport, AbuseReport.fromPartial({ id }));
  }

  audit(after: string, signal?: AbortSignal): Promise<ListAuditResponse> {
    return this.#ask(AdminService.listAudit, Page.fromPartial({ size, after }), signal);
  }

  #ask<Q, S>(method: Method<Q, S>, request: Q, signal?: AbortSignal): Promise<S> {
    const call = { ...method, service: 'managers', isRepeatable: false } as const;
    return this.#watched(this.#transport.ask(call, request, { token: this.#token, signal }));
  }

  async #watched<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (thrown) {
      if (thrown instanceof Refusal && (endsSession(thrown.reason) || thrown.reason === 'not-operator'))
        this.#onRefused(thrown.reason);
      throw thrown;
    }
  }
}
