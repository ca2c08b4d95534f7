import { ChannelServiceDefinition, ChatServiceDefinition, methodOf } from '@parley/contract';

const { fullName: channelService } = ChannelServiceDefinition;
const { fullName: chatService } = ChatServiceDefinition;

/**
 * Methods for lists and streams of a browser. Naming each one here lets a bundler drop the others,
 * with their message types.
 */
export const webMethods = {
  list: methodOf(channelService, ChannelServiceDefinition.methods.list),
  listen: methodOf(channelService, ChannelServiceDefinition.methods.listen),
  subscribe: methodOf(chatService, ChatServiceDefinition.methods.subscribe),
  send: methodOf(chatService, ChatServiceDefinition.methods.send),
};
