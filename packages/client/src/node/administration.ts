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
  Page,
  User,
} from '@parley/contract';
import { credentialsFor, once, repeatable, type Security, streamed } from './calls.js';
import { Peers } from './peers.js';

/** Options of `administration`. */
export interface AdministrationOptions extends Security {
  /** Addresses of the managers: `host:port`, several separated by commas. */
  readonly channelService: string;
  /** Session token of an operator. */
  readonly token: string;
}

/** The operator's calls. Each rejects with a `Refusal`. */
export interface Administration {
  /** Lists the chat servers that run, and those that stopped in the last ten minutes. */
  servers(): Promise<ChannelServer[]>;
  /** Lists the gateways that run, and those that stopped in the last ten minutes. */
  gateways(): Promise<Gateway[]>;
  /**
   * Drains a chat server or a gateway until it restarts. `id` is from `servers` or `gateways`. The
   * channels of a chat server move to other servers. A gateway notices within a second or two, and
   * its clients reconnect to other gateways.
   * @throws {Refusal} `server-not-found`
   */
  drain(id: string): Promise<void>;
  /**
   * Sets a user's role or status, or verifies the user's address `email` with `emailVerified`.
   * Returns the changed user.
   * @throws {Refusal} `user-not-found`, `email-changed` or `last-operator`
   */
  setUser(user: Pick<User, 'id'> & Partial<Pick<User, 'role' | 'status' | 'email' | 'emailVerified'>>): Promise<User>;
  /**
   * Ends the streams of a user, of a channel, or of one user in one channel. `reason` goes into the
   * audit; the users do not see it.
   */
  kick(whom: Partial<Pick<KickRequest, 'userId' | 'channelId' | 'reason'>>): Promise<void>;
  /** Lists the operators' actions, the newest first. */
  audit(page?: Partial<Pick<Page, 'size' | 'after'>>): Promise<ListAuditResponse>;
  /** Lists accounts by the start of id, name or email address, ordered by number. */
  users(request?: Parameters<typeof ListUsersRequest.fromPartial>[0]): Promise<ListUsersResponse>;
  /** Lists channels of every kind by the start of their name, ordered by id. */
  channels(request?: Parameters<typeof ListAllChannelsRequest.fromPartial>[0]): Promise<ListAllChannelsResponse>;
  /** Lists reports of abuse, the newest first; resolved ones too if `resolved` is set. */
  reports(request?: Parameters<typeof ListAbuseReportsRequest.fromPartial>[0]): Promise<ListAbuseReportsResponse>;
  /** Marks a report of abuse as resolved. */
  resolveReport(id: number): Promise<void>;
  /** Deletes an account for good, with its messages if `purge` is set. */
  deleteUser(userId: string, purge: boolean): Promise<void>;
  /**
   * Yields everything that is stored about an account, deleted or not, as lines of JSON. The last
   * line has the type `end`. The server sends lines only as fast as they are taken, and stops when
   * the loop is left.
   * @throws {Refusal} `user-not-found` or `read-too-often`
   */
  exportUser(userId: string): AsyncGenerator<string, void>;
  /** Closes the connections. */
  close(): void;
}

/**
 * Returns the calls for operators, which the managers serve. Proxies of users do not forward them,
 * so this must run where the managers can be reached directly.
 * @example
 * ```ts
 * import { administration } from '@parley/client/node';
 *
 * const operator = administration({ channelService: 'localhost:50052', token: 'the-operator-token' });
 * for (const { id, seats } of await operator.servers()) console.log(id, seats);
 * operator.close();
 * ```
 */
export function administration({ channelService, token, ...security }: AdministrationOptions): Administration {
  const credentials = credentialsFor(security);
  const managers = new Peers(channelService, credentials);
  const listServers = repeatable(managers, AdminService.listServers);
  const listGateways = repeatable(managers, AdminService.listGateways);
  const drain = once(managers, AdminService.drain);
  const setUser = once(managers, AdminService.setUser);
  const kick = once(managers, AdminService.kick);
  const listAudit = repeatable(managers, AdminService.listAudit);
  const listUsers = repeatable(managers, AdminService.listUsers);
  const listAllChannels = repeatable(managers, AdminService.listAllChannels);
  const listAbuseReports = repeatable(managers, AdminService.listAbuseReports);
  const resolveAbuseReport = repeatable(managers, AdminService.resolveAbuseReport);
  const deleteUser = once(managers, AdminService.deleteUser);
  const exportUser = streamed(managers, AdminService.exportUser);
  return {
    servers: async () => (await listServers({}, { token })).servers,
    gateways: async () => (await listGateways({}, { token })).gateways,
    drain: async (id) => void (await drain(ChannelServer.fromPartial({ id }), { token })),
    setUser: (user) => setUser(User.fromPartial(user), { token }),
    kick: async (whom) => void (await kick(KickRequest.fromPartial(whom), { token })),
    audit: (page = {}) => listAudit(Page.fromPartial(page), { token }),
    users: (request = {}) => listUsers(ListUsersRequest.fromPartial(request), { token }),
    channels: (request = {}) => listAllChannels(ListAllChannelsRequest.fromPartial(request), { token }),
    reports: (request = {}) => listAbuseReports(ListAbuseReportsRequest.fromPartial(request), { token }),
    resolveReport: async (id) => void (await resolveAbuseReport(AbuseReport.fromPartial({ id }), { token })),
    deleteUser: async (userId, purge) =>
      void (await deleteUser(DeleteUserRequest.fromPartial({ userId, purge }), { token })),
    async *exportUser(id) {
      for await (const { json } of exportUser(User.fromPartial({ id }), { token })) yield json;
    },
    close: () => managers.close(),
  };
}
