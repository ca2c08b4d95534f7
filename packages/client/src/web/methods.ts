import { ChannelServiceDefinition, ChatServiceDefinition, methodOf, UserServiceDefinition } from '@parley/contract';

const { fullName: channelService } = ChannelServiceDefinition;
const { fullName: chatService } = ChatServiceDefinition;
const { fullName: userService } = UserServiceDefinition;

/**
 * Methods that a browser calls. Naming each one here lets a bundler drop the others, with their
 * message types.
 */
export const webMethods = {
  register: methodOf(userService, UserServiceDefinition.methods.register),
  login: methodOf(userService, UserServiceDefinition.methods.login),
  logout: methodOf(userService, UserServiceDefinition.methods.logout),
  getUser: methodOf(userService, UserServiceDefinition.methods.get),
  list: methodOf(channelService, ChannelServiceDefinition.methods.list),
  listChannels: methodOf(channelService, ChannelServiceDefinition.methods.listChannels),
  listMembers: methodOf(channelService, ChannelServiceDefinition.methods.listMembers),
  create: methodOf(channelService, ChannelServiceDefinition.methods.create),
  delete: methodOf(channelService, ChannelServiceDefinition.methods.delete),
  history: methodOf(channelService, ChannelServiceDefinition.methods.history),
  listen: methodOf(channelService, ChannelServiceDefinition.methods.listen),
  subscribe: methodOf(chatService, ChatServiceDefinition.methods.subscribe),
  send: methodOf(chatService, ChatServiceDefinition.methods.send),
};
