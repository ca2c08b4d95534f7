import { ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import {
  Channel,
  ChannelServiceClient,
  type ListenResponse,
  type LoginResponse,
  UserServiceClient,
} from '@parley/contract';
import { bearerMetadata, callUnary, clientOptions, refusalFromStatus } from '@parley/rpc';

/** Where the two services are, as host:port. */
export interface Addresses {
  readonly userService: string;
  readonly channelService: string;
}

export interface NewUser {
  readonly userId: string;
  readonly password: string;
  readonly name: string;
}

const withinMs = 10_000;

/** The calls of user-service and channel-service that a person makes. All reject with a Refusal. */
export class ParleyClient {
  readonly #users: UserServiceClient;
  readonly #channels: ChannelServiceClient;

  constructor({ userService, channelService }: Addresses) {
    const credentials = ChannelCredentials.createInsecure();
    this.#users = new UserServiceClient(userService, credentials, clientOptions);
    this.#channels = new ChannelServiceClient(channelService, credentials, clientOptions);
  }

  /** Makes an account. */
  async register(user: NewUser): Promise<void> {
    await callUnary(this.#users.register.bind(this.#users), { ...user, email: '', invite: '' }, { withinMs });
  }

  /** Opens a session; its token goes into every other call. */
  login(userId: string, password: string, device: string): Promise<LoginResponse> {
    return callUnary(this.#users.login.bind(this.#users), { userId, password, device }, { withinMs });
  }

  /** Ends the session of the token. */
  async logout(token: string): Promise<void> {
    await callUnary(this.#users.logout.bind(this.#users), { everywhere: false }, { token, withinMs });
  }

  /** Every channel that the caller may see. */
  list(token: string): Promise<Channel[]> {
    const deadline = Date.now() + withinMs;
    const stream = this.#channels.list(Channel.fromPartial({}), bearerMetadata(token), { deadline });
    return new Promise((resolve, reject) => {
      const channels: Channel[] = [];
      stream.on('data', (channel: Channel) => channels.push(channel));
      stream.on('error', (error: ServiceError) => reject(refusalFromStatus(error)));
      stream.on('end', () => resolve(channels));
    });
  }

  /** Makes a room. */
  create(token: string, name: string, limit: number): Promise<Channel> {
    const channel = Channel.fromPartial({ name, limit });
    return callUnary(this.#channels.create.bind(this.#channels), channel, { token, withinMs });
  }

  /** Deletes a channel of the caller. */
  async delete(token: string, id: number): Promise<void> {
    await callUnary(this.#channels.delete.bind(this.#channels), Channel.fromPartial({ id }), { token, withinMs });
  }

  /** Asks for a seat: where to connect, and with which token. */
  listen(token: string, id: number): Promise<ListenResponse> {
    return callUnary(this.#channels.listen.bind(this.#channels), Channel.fromPartial({ id }), { token, withinMs });
  }

  /** Closes the connections. */
  close(): void {
    this.#users.close();
    this.#channels.close();
  }
}
