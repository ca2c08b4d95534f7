import { ChannelServiceDefinition, type Method, methodOf, UserServiceDefinition } from '@parley/contract';
import type { UnaryCall } from '../transport.js';

const { fullName: userService } = UserServiceDefinition;
const { fullName: channelService } = ChannelServiceDefinition;

type Unary<Q, S> = Omit<Method<Q, S>, 'path'> & { readonly name: string };

function toUsers<Q, S>(method: Unary<Q, S>, isRepeatable: boolean): UnaryCall<Q, S> {
  return { ...methodOf(userService, method), service: 'users', isRepeatable };
}

function toManagers<Q, S>(method: Unary<Q, S>, isRepeatable: boolean): UnaryCall<Q, S> {
  return { ...methodOf(channelService, method), service: 'managers', isRepeatable };
}

const reads = true;
const changes = false;

/**
 * Every call of a user with one response. Naming each one here lets a bundler drop the others, with
 * their message types.
 */
export const calls = {
  register: toUsers(UserServiceDefinition.methods.register, changes),
  login: toUsers(UserServiceDefinition.methods.login, reads),
  logout: toUsers(UserServiceDefinition.methods.logout, changes),
  user: toUsers(UserServiceDefinition.methods.get, reads),
  updateUser: toUsers(UserServiceDefinition.methods.update, changes),
  listSessions: toUsers(UserServiceDefinition.methods.listSessions, reads),
  listChannels: toManagers(ChannelServiceDefinition.methods.listChannels, reads),
  create: toManagers(ChannelServiceDefinition.methods.create, changes),
  updateChannel: toManagers(ChannelServiceDefinition.methods.update, changes),
  delete: toManagers(ChannelServiceDefinition.methods.delete, changes),
  openDirect: toManagers(ChannelServiceDefinition.methods.openDirect, reads), // There is only one chat of two users.
  listMembers: toManagers(ChannelServiceDefinition.methods.listMembers, reads),
  changeMember: toManagers(ChannelServiceDefinition.methods.changeMember, changes),
  join: toManagers(ChannelServiceDefinition.methods.join, reads), // A member who joins again uses up nothing.
  createInvite: toManagers(ChannelServiceDefinition.methods.createInvite, changes),
  listInvites: toManagers(ChannelServiceDefinition.methods.listInvites, reads),
  revokeInvite: toManagers(ChannelServiceDefinition.methods.revokeInvite, changes),
  previewInvite: toManagers(ChannelServiceDefinition.methods.previewInvite, reads),
  search: toManagers(ChannelServiceDefinition.methods.search, reads),
  history: toManagers(ChannelServiceDefinition.methods.history, reads),
};
