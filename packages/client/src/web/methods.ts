import {
  Ack,
  Channel,
  Empty,
  HistoryRequest,
  HistoryResponse,
  ListChannelsRequest,
  ListChannelsResponse,
  ListenResponse,
  LoginRequest,
  LoginResponse,
  LogoutRequest,
  Message,
  RegisterRequest,
  SubscribeRequest,
  User,
} from '@parley/contract/messages';
import { MethodDescriptor } from 'grpc-web';

/** How ts-proto writes and reads a message. */
interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

function method<Q, S>(path: string, type: string, request: Codec<Q>, response: Codec<S>): MethodDescriptor<Q, S> {
  const write = (message: Q) => request.encode(message).finish();
  const read = (bytes: Uint8Array) => response.decode(bytes);
  return new MethodDescriptor<Q, S>(`/chat.v1.${path}`, type, Object as never, Object as never, write, read);
}

const unary = <Q, S>(path: string, request: Codec<Q>, response: Codec<S>) => method(path, 'unary', request, response);
const stream = <Q, S>(path: string, request: Codec<Q>, response: Codec<S>) =>
  method(path, 'server_streaming', request, response);

/** The calls of a page, with ts-proto's codecs. */
export const methods = {
  register: unary('UserService/Register', RegisterRequest, Empty),
  login: unary('UserService/Login', LoginRequest, LoginResponse),
  logout: unary('UserService/Logout', LogoutRequest, Empty),
  user: unary('UserService/Get', User, User),
  list: stream('ChannelService/List', Channel, Channel),
  listChannels: unary('ChannelService/ListChannels', ListChannelsRequest, ListChannelsResponse),
  create: unary('ChannelService/Create', Channel, Channel),
  delete: unary('ChannelService/Delete', Channel, Empty),
  history: unary('ChannelService/History', HistoryRequest, HistoryResponse),
  listen: unary('ChannelService/Listen', Channel, ListenResponse),
  subscribe: stream('ChatService/Subscribe', SubscribeRequest, Message),
  send: unary('ChatService/Send', Message, Ack),
};
