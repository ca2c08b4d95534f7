import { AdminService, ChannelServer, KickRequest, type ListAuditResponse, Page, User } from '@parley/contract';
import { credentialsFor, once, repeatable, type Security } from './calls.js';
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
  /** Lists the chat servers that run and those that stopped a short time ago. */
  servers(): Promise<ChannelServer[]>;
  /**
   * Drains a chat server: its channels move to other servers, then it stops. `id` is from
   * `servers`.
   * @throws {Refusal} `server-not-found`
   */
  drain(id: string): Promise<void>;
  /** Sets a user's role, status or both. Returns the changed user. */
  setUser(user: Pick<User, 'id'> & Partial<Pick<User, 'role' | 'status'>>): Promise<User>;
  /**
   * Ends the streams of a user, of a channel, or of one user in one channel. `reason` is shown to
   * them.
   */
  kick(whom: Partial<Pick<KickRequest, 'userId' | 'channelId' | 'reason'>>): Promise<void>;
  /** Lists the operators' actions, the newest first. */
  audit(page?: Partial<Pick<Page, 'size' | 'after'>>): Promise<ListAuditResponse>;
  /** Closes the connections. */
  close(): void;
}

/**
 * Opens the operator's calls of the managers. Proxies do not forward them, so this must run where
 * the managers can be reached directly.
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
  const drain = once(managers, AdminService.drain);
  const setUser = once(managers, AdminService.setUser);
  const kick = once(managers, AdminService.kick);
  const listAudit = repeatable(managers, AdminService.listAudit);
  return {
    servers: async () => (await listServers({}, { token })).servers,
    drain: async (id) => void (await drain(ChannelServer.fromPartial({ id }), { token })),
    setUser: (user) => setUser(User.fromPartial(user), { token }),
    kick: async (whom) => void (await kick(KickRequest.fromPartial(whom), { token })),
    audit: (page = {}) => listAudit(Page.fromPartial(page), { token }),
    close: () => managers.close(),
  };
}
