import { pipeline, Readable } from 'node:stream';
import { type Server, type ServerDuplexStream, type ServiceDefinition, status } from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer } from '@grpc/proto-loader';
import { type DescriptorFile, descriptorFiles, descriptorSet } from '@parley/contract/descriptors';
import { limits } from '@parley/runtime';

/** Query of the protocol, with field names as in reflection.proto. */
interface ReflectionQuery {
  readonly file_by_filename: string;
  readonly file_containing_symbol: string;
  readonly file_containing_extension: object;
  readonly all_extension_numbers_of_type: string;
  readonly list_services: string;
}

type Request = Partial<ReflectionQuery> & { readonly message_request?: keyof ReflectionQuery };

type Call = ServerDuplexStream<Request, unknown>;

/** Resolver for each kind of query. It returns undefined if nothing was found. */
type Answers = { readonly [Kind in keyof ReflectionQuery]: (about: ReflectionQuery[Kind]) => object | undefined };

const versions = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];

/**
 * Serves gRPC reflection, v1 and v1alpha, from the contract's descriptors. Lists only the services
 * in `served` (full names such as `chat.v1.UserService`) and returns only the files that they need.
 * @throws {Error} if the contract has no such service.
 * @example
 * ```ts
 * import { Server } from '@grpc/grpc-js';
 * import { addReflection } from '@parley/service-kit';
 *
 * addReflection(new Server(), ['chat.v1.UserService']);
 * ```
 */
export function addReflection(server: Server, served: readonly string[]): void {
  const answers = answersFor(served);
  const definitions = loadFileDescriptorSetFromBuffer(descriptorSet(), { oneofs: true });
  for (const version of versions) {
    const handler = (call: Call) => answerAll(call, answers);
    server.addService(definitions[version] as ServiceDefinition, { serverReflectionInfo: handler });
  }
}

/**
 * Sends one response per request. The pipeline waits for slow readers and handles a broken stream.
 */
function answerAll(call: Call, answers: Answers): void {
  const requests = call.iterator({ destroyOnReturn: false }); // A destroyed call could not send its status.
  pipeline(Readable.from(answersTo(requests, answers)), call, () => undefined);
}

async function* answersTo(requests: AsyncIterable<Request>, answers: Answers): AsyncGenerator<object> {
  for await (const request of requests) {
    if (!isShort(request)) yield failure(status.INVALID_ARGUMENT, 'The name is too long.');
    else yield { original_request: request, ...answerOne(request, answers) };
  }
}

/** Returns whether a string of a query is short enough. Responses repeat it. */
function isShort(value: unknown): boolean {
  if (typeof value === 'string') return Buffer.byteLength(value) <= limits.metadataValueBytes;
  return typeof value !== 'object' || value === null || Object.values(value).every(isShort);
}

function answerOne(request: Request, answers: Answers): object {
  const kind = request.message_request;
  if (kind === undefined) return failure(status.INVALID_ARGUMENT, 'The request is empty.');
  const about = request[kind];
  const answer = (answers[kind] as (about: unknown) => object | undefined)(about);
  return answer ?? failure(status.NOT_FOUND, `${kind}: not found.`);
}

function failure(code: status, message: string): object {
  return { error_response: { error_code: code, error_message: message } };
}

function answersFor(served: readonly string[]): Answers {
  const files = filesServing(served);
  const bySymbol = new Map(
    [...files.values()].flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)),
  );
  const isMessage = (name: string) => bySymbol.get(name)?.messages.includes(name);
  return {
    file_by_filename: (name) => fileAnswer(files.get(name), files),
    file_containing_symbol: (name) => fileAnswer(bySymbol.get(name), files),
    file_containing_extension: () => undefined, // The contract has no extensions.
    all_extension_numbers_of_type: (name) =>
      isMessage(name) ? { all_extension_numbers_response: { base_type_name: name } } : undefined,
    list_services: () => ({ list_services_response: { service: served.map((name) => ({ name })) } }),
  };
}

function fileAnswer(file: DescriptorFile | undefined, files: ReadonlyMap<string, DescriptorFile>): object | undefined {
  if (file === undefined) return undefined;
  return { file_descriptor_response: { file_descriptor_proto: withImports([file], files).map(({ bytes }) => bytes) } };
}

/** Returns the files that declare the services and all files they import, by name. */
function filesServing(served: readonly string[]): ReadonlyMap<string, DescriptorFile> {
  const known = descriptorFiles();
  const declaring = served.map((service) => {
    const file = known.find(({ services }) => services.includes(service));
    if (file === undefined) throw new Error(`The contract has no service ${service}.`);
    return file;
  });
  return byName(withImports(declaring, byName(known)));
}

function withImports(start: readonly DescriptorFile[], files: ReadonlyMap<string, DescriptorFile>): DescriptorFile[] {
  const found = new Set(start);
  for (const { imports } of found) {
    for (const file of imports.flatMap((name) => files.get(name) ?? [])) found.add(file); // The set grows during the loop.
  }
  return [...found];
}

function byName(files: readonly DescriptorFile[]): ReadonlyMap<string, DescriptorFile> {
  return new Map(files.map((file) => [file.name, file]));
}
