import { ChannelServiceDefinition, ChatServiceDefinition, InboxServiceDefinition, methodOf } from '@parley/contract';

const { fullName: channelService } = ChannelServiceDefinition;
const { fullName: chatService } = ChatServiceDefinition;
const { fullName: inboxService } = InboxServiceDefinition;

/**
 * Methods for the lists and streams of a browser. Each is named here, so that a bundler can drop
 * all other methods and their message types.
 */
export const webMethods = {
  list: methodOf(channelService, ChannelServiceDefinition.methods.list),
  listen: methodOf(channelService, ChannelServiceDefinition.methods.listen),
  subscribe: methodOf(chatService, ChatServiceDefinition.methods.subscribe),
  send: methodOf(chatService, ChatServiceDefinition.methods.send),
  watch: methodOf(inboxService, InboxServiceDefinition.methods.watch),
  post: methodOf(inboxService, InboxServiceDefinition.methods.post),
};
