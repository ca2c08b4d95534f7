import { execFile, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { LoginResponse, UserService } from '@parley/contract';
import { descriptorFiles } from '@parley/contract/descriptors';
import { grpcService } from '@parley/rpc';
import { addHealth } from '../src/grpc/health.js';
import { addReflection } from '../src/grpc/reflection.js';

const protos = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection/package.json')), 'build/proto');
const served = ['chat.v1.UserService', 'UserService', 'grpc.health.v1.Health'];

let server: grpc.Server;
let address: string;

beforeAll(async () => {
  server = new grpc.Server();
  server.addService(grpcService(UserService), {
    login: (call: { request: { userId: string } }, reply: (error: null, value: object) => void) =>
      reply(null, LoginResponse.fromPartial({ token: `token of ${call.request.userId}` })),
  });
  addHealth(server, served.slice(0, 2)).set(true);
  addReflection(server, served);
  address = `127.0.0.1:${await listen(server)}`;
});

afterAll(() => server.forceShutdown());

function listen(on: grpc.Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const bound = (error: Error | null, port: number) => (error ? reject(error) : resolve(port));
    on.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), bound);
  });
}

interface ReflectionResponse {
  readonly originalRequest: object;
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: Buffer[] };
  readonly allExtensionNumbersResponse?: { readonly baseTypeName: string; readonly extensionNumber: number[] };
  readonly listServicesResponse?: { readonly service: Array<{ readonly name: string }> };
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string };
}

type ReflectionStream = grpc.ClientDuplexStream<object, ReflectionResponse>;

function withClient<T>(version: string, use: (stream: ReflectionStream) => Promise<T>): Promise<T> {
  const name = `grpc.reflection.${version}.ServerReflection`;
  const definition = loadSync(`grpc/reflection/${version}/reflection.proto`, { includeDirs: [protos], arrays: true })[
    name
  ];
  const Client = grpc.makeGenericClientConstructor(definition as grpc.ServiceDefinition, name);
  const client = new Client(address, grpc.credentials.createInsecure());
  const open = client.serverReflectionInfo as () => ReflectionStream;
  return use(open.call(client)).finally(() => client.close());
}

async function askOn(stream: ReflectionStream, requests: readonly object[]): Promise<ReflectionResponse[]> {
  for (const request of requests) stream.write(request);
  stream.end();
  const answers: ReflectionResponse[] = [];
  for await (const answer of stream) answers.push(answer as ReflectionResponse);
  return answers;
}

async function ask(version: string, request: object): Promise<ReflectionResponse> {
  const [answer] = await withClient(version, (stream) => askOn(stream, [request]));
  return answer as ReflectionResponse;
}

function filesIn(answer: ReflectionResponse): Array<string | undefined> {
  const known = descriptorFiles();
  const bytes = answer.fileDescriptorResponse?.fileDescriptorProto ?? [];
  return bytes.map((one) => known.find((file) => Buffer.compare(file.bytes, one) === 0)?.name);
}

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  test('lists exactly the services that the server has', async () => {
    const answer = await ask(version, { listServices: '*' });
    expect(answer.listServicesResponse?.service.map(({ name }) => name)).toEqual(served);
    expect(answer.originalRequest).toEqual({ listServices: '*' });
  });

  test('returns a .proto file with all its imports', async () => {
    const files = filesIn(await ask(version, { fileByFilename: 'chat/v1/user.proto' }));
    expect(files).toEqual(['chat/v1/user.proto', 'chat/v1/types.proto', 'google/protobuf/empty.proto']);
  });

  test.each([
    ['chat.v1.UserService', 'chat/v1/user.proto'],
    ['chat.v1.UserService.Login', 'chat/v1/user.proto'],
    ['chat.v1.Message', 'chat/v1/types.proto'],
    ['chat.v1.Message.event', 'chat/v1/types.proto'],
    ['chat.v1.Message.data', 'chat/v1/types.proto'],
    ['chat.v1.Kind', 'chat/v1/types.proto'],
    ['chat.v1.KIND_EDIT', 'chat/v1/types.proto'],
    ['UserService', 'seed.proto'],
    ['SERVING', 'seed.proto'],
    ['google.protobuf.Empty', 'google/protobuf/empty.proto'],
    ['grpc.health.v1.HealthCheckResponse.ServingStatus', 'health/v1/health.proto'],
    ['grpc.health.v1.HealthCheckResponse.SERVING', 'health/v1/health.proto'],
  ])('finds the .proto file that declares %s', async (symbol, file) => {
    expect(filesIn(await ask(version, { fileContainingSymbol: symbol }))[0]).toBe(file);
  });

  test.each([
    { fileByFilename: 'chat/v1/channel.proto' },
    { fileContainingSymbol: 'chat.v1.ChannelService' },
    { fileContainingExtension: { containingType: 'chat.v1.Message', extensionNumber: 100 } },
    { allExtensionNumbersOfType: 'chat.v1.Nobody' },
  ])('responds to %j with NOT_FOUND', async (request) => {
    const answer = await ask(version, request);
    expect(answer.errorResponse?.errorCode).toBe(grpc.status.NOT_FOUND);
    expect(answer.errorResponse?.errorMessage).toMatch(/^[a-z_]+: not found\.$/);
  });

  test('reports that a message has no extensions', async () => {
    const answer = await ask(version, { allExtensionNumbersOfType: 'chat.v1.Message' });
    expect(answer.allExtensionNumbersResponse).toEqual({ baseTypeName: 'chat.v1.Message', extensionNumber: [] });
  });

  test('responds to an empty request with INVALID_ARGUMENT and continues', async () => {
    const answers = await withClient(version, (stream) => askOn(stream, [{}, { listServices: '' }]));
    expect(answers.map(({ errorResponse }) => errorResponse?.errorCode)).toEqual([
      grpc.status.INVALID_ARGUMENT,
      undefined,
    ]);
  });

  test('does not repeat a name that is too long', async () => {
    const long = 'x'.repeat(257);
    const questions = [{ fileContainingSymbol: long }, { host: long, listServices: '' }, { listServices: '' }];
    const answers = await withClient(version, (stream) => askOn(stream, questions));
    expect(answers.map(({ errorResponse }) => errorResponse?.errorCode)).toEqual([
      grpc.status.INVALID_ARGUMENT,
      grpc.status.INVALID_ARGUMENT,
      undefined,
    ]);
    expect(JSON.stringify(answers)).not.toContain('xxx');
  });

  test('refuses malformed requests, does not repeat unknown fields, and continues', async () => {
    const client = new grpc.Client(address, grpc.credentials.createInsecure());
    const same = (bytes: Buffer) => bytes;
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const stream = client.makeBidiStreamRequest(path, same, same);
    const unknownField = Buffer.concat([Buffer.from([0xa2, 0x06, 100]), Buffer.alloc(100, 'x')]);
    for (const request of [Buffer.from([0xff]), Buffer.concat([Buffer.from([0x3a, 0]), unknownField])])
      stream.write(request);
    stream.end();
    const answers: string[] = [];
    for await (const answer of stream) answers.push(String(answer));
    client.close();
    expect(answers).toEqual([
      expect.stringContaining('The request is malformed.'),
      expect.stringContaining('chat.v1.UserService'),
    ]);
    expect(answers.join()).not.toContain('xxx');
  });

  test('survives clients that cancel', async () => {
    const cancelled = () =>
      withClient(version, async (stream) => {
        const ended = new Promise((resolve) => stream.once('error', resolve));
        for (let i = 0; i < 50; i++) stream.write({ fileContainingSymbol: 'chat.v1.Message' });
        stream.once('data', () => stream.cancel());
        return ended;
      });
    await Promise.all(Array.from({ length: 5 }, cancelled));
    expect((await ask(version, { listServices: '' })).listServicesResponse?.service).toHaveLength(3);
  });
});

test('rejects a service that the contract does not have', () => {
  expect(() => addReflection(new grpc.Server(), ['chat.v1.UserServise'])).toThrow('chat.v1.UserServise');
});

const missing = spawnSync('grpcurl', ['-version']).error !== undefined;

/** Returns the output of grpcurl. Asynchronous, because the server runs in this process. */
function grpcurl(...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile('grpcurl', ['-plaintext', ...args], { timeout: 60_000 }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
}

(missing ? describe.skip : describe)('grpcurl (skipped if it is not on the PATH)', () => {
  test('grpcurl lists services and describes methods with imported messages', async () => {
    expect((await grpcurl(address, 'list')).trim().split('\n')).toEqual([...served].sort());
    expect(await grpcurl(address, 'describe', 'chat.v1.UserService')).toContain('.google.protobuf.Empty');
    expect(await grpcurl(address, 'describe', 'chat.v1.ChannelService')).toContain('not found');
  });

  test('grpcurl calls a method by reflection', async () => {
    const answer = await grpcurl('-d', '{"user_id":"ann"}', address, 'chat.v1.UserService/Login');
    expect(JSON.parse(answer)).toEqual({ token: 'token of ann' });
  });

  test('checks health', async () => {
    const answer = await grpcurl('-d', '{"service":"UserService"}', address, 'grpc.health.v1.Health/Check');
    expect(JSON.parse(answer)).toEqual({ status: 'SERVING' });
  });
});
