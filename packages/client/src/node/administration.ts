import { AdminService, ChannelServer, KickRequest, type ListAuditResponse, Page, User } from '@parley/contract';
import { credentialsFor, once, repeatable, type Security } from './calls.js';
import { Peers } from './peers.js';

export interface AdministrationOptions extends Security {
  /** The managers: host:port; several with commas between. */
  readonly channelService: string;
  /** Of an administrator. */
  readonly token: string;
}

/** What administrators may do. Every call rejects with a Refusal. */
export interface Administration {
  /** Chat servers that live, and those that ended a short while ago. */
  servers(): Promise<ChannelServer[]>;
  /** Empties the chat server of that id. */
  drain(id: string): Promise<void>;
  /** Only `role` and `status` are set, where they are given. */
  setUser(user: Pick<User, 'id'> & Partial<Pick<User, 'role' | 'status'>>): Promise<User>;
  /** Ends streams of a user, of a channel, or of the one in the other. */
  kick(whom: Partial<Pick<KickRequest, 'userId' | 'channelId' | 'reason'>>): Promise<void>;
  /** What administrators did, the newest first. */
  audit(page?: Partial<Pick<Page, 'size' | 'after'>>): Promise<ListAuditResponse>;
  close(): void;
}

/** The administrators' door of the managers. It is never reached through a proxy: this has to run beside them. */
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
