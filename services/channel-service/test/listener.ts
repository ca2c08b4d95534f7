import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { ChatService } from '@parley/contract';
import { grpcService } from '@parley/rpc';
import { until } from '@parley/testkit';

/** Command that the listener has received. */
export interface Heard {
  readonly method: string;
  readonly request: Record<string, unknown>;
  readonly token: string;
}

/** A real gRPC server that stands in for a chat server and records the commands it receives. */
export class Listener {
  readonly heard: Heard[] = [];
  readonly #server = new Server();

  async start(): Promise<string> {
    const note = (method: string) => (call: ServerUnaryCall<unknown, unknown>, done: sendUnaryData<object>) => {
      const token = String(call.metadata.get('authorization')[0]);
      this.heard.push({ method, request: call.request as Record<string, unknown>, token });
      done(null, {});
    };
    this.#server.addService(grpcService(ChatService), {
      add: note('add'),
      remove: note('remove'),
      disconnect: note('disconnect'),
      drain: note('drain'),
      showReceipt: note('showReceipt'),
    } as never);
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    return `127.0.0.1:${port}`;
  }

  async hears(count: number): Promise<Heard[]> {
    await until(() => this.heard.length >= count).catch(() => {
      throw new Error(`Heard ${this.heard.map(({ method }) => method)} instead of ${count} calls.`);
    });
    return this.heard;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}
