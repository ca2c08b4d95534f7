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

/** Values of `isRepeatable`. A repeatable call has the same effect if it is sent twice. */
const repeatable = true;
const once = false;

/**
 * Calls of users that have a single response. Each is named here, so that a bundler can drop all
 * other methods and their message types.
 */
export const calls = {
  register: toUsers(UserServiceDefinition.methods.register, once),
  login: toUsers(UserServiceDefinition.methods.login, repeatable),
  logout: toUsers(UserServiceDefinition.methods.logout, once),
  user: toUsers(UserServiceDefinition.methods.get, repeatable),
  updateUser: toUsers(UserServiceDefinition.methods.update, once),
  searchUsers: toUsers(UserServiceDefinition.methods.search, repeatable),
  listSessions: toUsers(UserServiceDefinition.methods.listSessions, repeatable),
  createBot: toUsers(UserServiceDefinition.methods.createBot, once),
  listBots: toUsers(UserServiceDefinition.methods.listBots, repeatable),
  revokeBot: toUsers(UserServiceDefinition.methods.revokeBot, repeatable),
  setBotCommands: toUsers(UserServiceDefinition.methods.setBotCommands, repeatable),
  resetPassword: toUsers(UserServiceDefinition.methods.resetPassword, once),
  listChannels: toManagers(ChannelServiceDefinition.methods.listChannels, repeatable),
  create: toManagers(ChannelServiceDefinition.methods.create, once),
  updateChannel: toManagers(ChannelServiceDefinition.methods.update, once),
  delete: toManagers(ChannelServiceDefinition.methods.delete, once),
  openDirect: toManagers(ChannelServiceDefinition.methods.openDirect, repeatable), // Two users have only one direct chat.
  overview: toManagers(ChannelServiceDefinition.methods.overview, repeatable),
  updateReceipt: toManagers(ChannelServiceDefinition.methods.updateReceipt, repeatable), // Receipts only move forward.
  listReceipts: toManagers(ChannelServiceDefinition.methods.listReceipts, repeatable),
  setNotify: toManagers(ChannelServiceDefinition.methods.setNotify, repeatable),
  listNotifications: toManagers(ChannelServiceDefinition.methods.listNotifications, repeatable),
  markNotifications: toManagers(ChannelServiceDefinition.methods.markNotifications, repeatable),
  getPush: toManagers(ChannelServiceDefinition.methods.getPush, repeatable),
  setPush: toManagers(ChannelServiceDefinition.methods.setPush, repeatable),
  setBlock: toManagers(ChannelServiceDefinition.methods.setBlock, repeatable),
  listBlocked: toManagers(ChannelServiceDefinition.methods.listBlocked, repeatable),
  reportAbuse: toManagers(ChannelServiceDefinition.methods.reportAbuse, repeatable), // A user has at most one open report of the same target.
  listMembers: toManagers(ChannelServiceDefinition.methods.listMembers, repeatable),
  listCommands: toManagers(ChannelServiceDefinition.methods.listCommands, repeatable),
  changeMember: toManagers(ChannelServiceDefinition.methods.changeMember, once),
  addMembers: toManagers(ChannelServiceDefinition.methods.addMembers, once),
  join: toManagers(ChannelServiceDefinition.methods.join, repeatable), // A member who joins again does not use up an invite.
  createInvite: toManagers(ChannelServiceDefinition.methods.createInvite, once),
  listInvites: toManagers(ChannelServiceDefinition.methods.listInvites, repeatable),
  revokeInvite: toManagers(ChannelServiceDefinition.methods.revokeInvite, once),
  createIncomingWebhook: toManagers(ChannelServiceDefinition.methods.createIncomingWebhook, once),
  listIncomingWebhooks: toManagers(ChannelServiceDefinition.methods.listIncomingWebhooks, repeatable),
  rotateIncomingWebhook: toManagers(ChannelServiceDefinition.methods.rotateIncomingWebhook, once),
  deleteIncomingWebhook: toManagers(ChannelServiceDefinition.methods.deleteIncomingWebhook, once),
  createOutgoingWebhook: toManagers(ChannelServiceDefinition.methods.createOutgoingWebhook, once),
  listOutgoingWebhooks: toManagers(ChannelServiceDefinition.methods.listOutgoingWebhooks, repeatable),
  rotateOutgoingWebhook: toManagers(ChannelServiceDefinition.methods.rotateOutgoingWebhook, once),
  resumeOutgoingWebhook: toManagers(ChannelServiceDefinition.methods.resumeOutgoingWebhook, once),
  deleteOutgoingWebhook: toManagers(ChannelServiceDefinition.methods.deleteOutgoingWebhook, once),
  listDeadLetters: toManagers(ChannelServiceDefinition.methods.listDeadLetters, repeatable),
  previewInvite: toManagers(ChannelServiceDefinition.methods.previewInvite, repeatable),
  search: toManagers(ChannelServiceDefinition.methods.search, repeatable),
  history: toManagers(ChannelServiceDefinition.methods.history, repeatable),
};
