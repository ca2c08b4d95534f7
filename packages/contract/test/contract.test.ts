import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import * as descriptors from '../src/descriptors.js';
import * as contract from '../src/index.js';

const proto = fileURLToPath(new URL('../../../../proto', import.meta.url));

const generated: Readonly<Record<string, Readonly<Record<string, contract.Method>>>> = {
  'chat.v1.AdminService': contract.AdminService,
  'chat.v1.ChannelService': contract.ChannelService,
  'chat.v1.ChatService': contract.ChatService,
  'chat.v1.InboxService': contract.InboxService,
  'chat.v1.UserService': contract.UserService,
};

function loadServices(files: string[], from: string): Array<[string, ServiceDefinition]> {
  const everything = Object.entries(loadSync(files, { includeDirs: [from] }));
  return everything.filter(([, definition]) => !('format' in definition)) as Array<[string, ServiceDefinition]>;
}

type Shape = Pick<contract.Method, 'path' | 'requestStream' | 'responseStream'>;

function shapesOf(service: Readonly<Record<string, Shape>>): Shape[] {
  return Object.values(service)
    .map(({ path, requestStream, responseStream }) => ({ path, requestStream, responseStream }))
    .sort((a, b) => a.path.localeCompare(b.path));
}

describe('the generated services', () => {
  const loaded = loadServices(
    readdirSync(`${proto}/chat/v1`).map((file) => `chat/v1/${file}`),
    proto,
  );

  test('the generated code in the repository matches proto/', () => {
    expect(Object.keys(generated)).toEqual(loaded.map(([name]) => name).sort());
  });

  test.each(loaded)('%s has the paths and streams in proto/', (name, service) => {
    expect(shapesOf(generated[name] ?? {})).toEqual(shapesOf(service));
  });

  test('the generated code decodes what the descriptors of proto/ encode', () => {
    const login = new Map(loaded).get('chat.v1.UserService')?.Login;
    const written = login?.responseSerialize({ token: 'secret', user: { number: 7 }, expiresAt: 1_763_700_000_000 });
    const read = contract.LoginResponse.decode(written as Buffer);
    expect(read).toMatchObject({ token: 'secret', user: { number: 7 }, expiresAt: 1_763_700_000_000 });
  });
});

test('the contract imports only the protobuf wire format, so that it runs in browsers', () => {
  const source = fileURLToPath(new URL('../../src', import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const imports = files
    .filter((name) => name !== 'descriptors.ts')
    .flatMap((name) => [...readFileSync(`${source}/${name}`, 'utf8').matchAll(/from ["']([^."'][^"']*)["']/g)]);
  expect(new Set(imports.map(([, name]) => name))).toEqual(new Set(['@bufbuild/protobuf/wire']));
});

describe('the original contract', () => {
  test('the original contract has ten methods, in the descriptor set and in seed.proto', () => {
    const paths = loadServices(['seed.proto'], `${proto}/seed`).flatMap(([, service]) => shapesOf(service));
    expect(contract.originalMethods.map(({ service, method }) => `/${service}/${method}`).sort()).toEqual(
      paths.map(({ path }) => path).sort(),
    );
    expect(contract.originalMethods).toHaveLength(10);
  });

  test('chat.v1 has each method of the original contract, with the same streams', () => {
    const known = Object.values(generated).flatMap(shapesOf);
    const seed = loadServices(['seed.proto'], `${proto}/seed`).flatMap(([, service]) => shapesOf(service));
    for (const shape of seed) expect(known).toContainEqual({ ...shape, path: shape.path.replace('/', '/chat.v1.') });
  });
});

describe('messages', () => {
  test('a decoded message has at most one event, as a plain optional field', () => {
    const ack = contract.Message.decode(
      contract.Message.encode(contract.Message.fromPartial({ ack: { seq: 3 } })).finish(),
    );
    expect(ack.ack?.seq).toBe(3);
    expect(ack.welcome).toBeUndefined();
  });

  test('the data of a decoded message is not a copy', () => {
    const bytes = contract.Message.encode(contract.Message.fromPartial({ data: Buffer.from('words') })).finish();
    expect(contract.Message.decode(bytes).data.buffer).toBe(bytes.buffer);
  });

  test('a 64-bit number is decoded exactly, or decoding fails', () => {
    const largest = contract.Message.encode(
      contract.Message.fromPartial({ timestamp: Number.MAX_SAFE_INTEGER }),
    ).finish();
    expect(contract.Message.decode(largest).timestamp).toBe(Number.MAX_SAFE_INTEGER);
    const tooLarge = Buffer.from('10ffffffffffffffff7f', 'hex');
    expect(() => contract.Message.decode(tooLarge)).toThrow('larger than Number.MAX_SAFE_INTEGER');
  });

  test('generated enums have no protobuf prefixes', () => {
    expect(contract.ChannelKind.ROOM).toBe(1);
  });
});

test('the table of kinds lists in History exactly the kinds that are not folded', () => {
  expect(contract.kindConstants).toMatchObject({
    KIND_EDIT: '1',
    KIND_DELETE: '2',
    KIND_MEMBER: '8',
    HISTORY_KINDS: '(0, 8)',
    SPEECH_KINDS: '(0)',
  });
  const amending = Object.values(contract.kindRules).filter(({ amends }) => amends);
  expect(amending.some(({ inHistory, plain, speech }) => inHistory || plain || speech)).toBe(false);
  expect(contract.rulesOf(7)).toBeUndefined();
});

describe('the descriptor set', () => {
  test('the descriptor set lists every file after its imports', () => {
    const files = descriptors.descriptorFiles();
    const seen = new Set<string>();
    for (const { name, imports } of files) {
      for (const needed of imports) expect(seen).toContain(needed);
      seen.add(name);
    }
    expect(seen).toContain('seed.proto');
    expect(seen).toContain('health/v1/health.proto');
  });

  test('the descriptor set names methods, fields and enum values as protobuf does', () => {
    const symbols = descriptors.descriptorFiles().flatMap((file) => file.symbols);
    expect(symbols).toEqual(
      expect.arrayContaining(['chat.v1.UserService.Login', 'chat.v1.User.id', 'chat.v1.KIND_EDIT']),
    );
  });
});
