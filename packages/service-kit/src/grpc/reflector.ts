import { create, type DescMessage, fromBinary, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { type DescriptorFile, descriptorFiles, registry } from '@parley/contract/descriptors';
import { limits } from '@parley/runtime';

/** Query of the protocol, with field names as in reflection.proto. */
interface ReflectionQuery {
  readonly fileByFilename: string;
  readonly fileContainingSymbol: string;
  readonly fileContainingExtension: object;
  readonly allExtensionNumbersOfType: string;
  readonly listServices: string;
}

type Kind = keyof ReflectionQuery;

interface Request {
  readonly messageRequest: { readonly case?: Kind; readonly value?: unknown };
}

/** One field of the oneof `message_response`. */
interface Answer {
  readonly case: string;
  readonly value: object;
}

/** Function for each kind of query. It returns undefined if nothing was found. */
type Answers = { readonly [K in Kind]: (about: ReflectionQuery[K]) => Answer | undefined };

const contract = registry();

function messageOf(name: string): DescMessage {
  const message = contract.getMessage(name);
  if (message === undefined) throw new Error(`The contract has no message ${name}.`);
  return message;
}

/**
 * Returns whether all strings of a query are short. The limit is needed because responses repeat
 * them.
 */
function isShort(value: unknown): boolean {
  if (typeof value === 'string') return Buffer.byteLength(value) <= limits.metadataValueBytes;
  return typeof value !== 'object' || value === null || Object.values(value).every(isShort);
}

function failure(code: status, message: string): Answer {
  return { case: 'errorResponse', value: { errorCode: code, errorMessage: message } };
}

/** Responds to reflection requests about the files that the `served` services need. */
export class Reflector {
  readonly #answers: Answers;

  /**
   * Creates a reflector. `served` lists full names of services of the contract, such as
   * `chat.v1.UserService`.
   */
  constructor(served: readonly string[]) {
    this.#answers = answersFor(served);
  }

  /**
   * Returns the encoded response to an encoded request.
   * @param service full name of the reflection service, v1 or v1alpha
   */
  answer(service: string, bytes: Uint8Array): Uint8Array {
    const response = messageOf(`${service.replace(/[^.]*$/, '')}ServerReflectionResponse`);
    return toBinary(response, create(response, this.#respond(service, bytes)));
  }

  #respond(service: string, bytes: Uint8Array): Record<string, unknown> {
    const type = messageOf(`${service.replace(/[^.]*$/, '')}ServerReflectionRequest`);
    const request = decode(type, bytes);
    if (request === undefined)
      return { messageResponse: failure(status.INVALID_ARGUMENT, 'The request is malformed.') };
    if (!isShort(request)) return { messageResponse: failure(status.INVALID_ARGUMENT, 'The name is too long.') };
    return { originalRequest: request, messageResponse: this.#answerOne(type, request) };
  }

  #answerOne(type: DescMessage, { messageRequest: { case: kind, value } }: Request): Answer {
    if (kind === undefined) return failure(status.INVALID_ARGUMENT, 'The request is empty.');
    const answer = (this.#answers[kind] as (about: unknown) => Answer | undefined)(value);
    const name = type.fields.find(({ localName }) => localName === kind)?.name;
    return answer ?? failure(status.NOT_FOUND, `${name}: not found.`);
  }
}

/**
 * Decodes a request. Returns undefined for malformed bytes. Drops unknown fields, because a
 * response must not repeat them.
 */
function decode(type: DescMessage, bytes: Uint8Array): Request | undefined {
  try {
    return fromBinary(type, bytes, { readUnknownFields: false }) as unknown as Request;
  } catch {
    return undefined;
  }
}

function answersFor(served: readonly string[]): Answers {
  const files = filesServing(served);
  const bySymbol = new Map(
    [...files.values()].flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)),
  );
  const isMessage = (name: string) => bySymbol.get(name)?.messages.includes(name);
  return {
    fileByFilename: (name) => fileAnswer(files.get(name), files),
    fileContainingSymbol: (name) => fileAnswer(bySymbol.get(name), files),
    fileContainingExtension: () => undefined, // The contract has no extensions.
    allExtensionNumbersOfType: (name) =>
      isMessage(name) ? { case: 'allExtensionNumbersResponse', value: { baseTypeName: name } } : undefined,
    listServices: () => ({ case: 'listServicesResponse', value: { service: served.map((name) => ({ name })) } }),
  };
}

function fileAnswer(file: DescriptorFile | undefined, files: ReadonlyMap<string, DescriptorFile>): Answer | undefined {
  if (file === undefined) return undefined;
  const fileDescriptorProto = withImports([file], files).map(({ bytes }) => bytes);
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

/** Returns the files that declare the services and all files they import, by name. */
function filesServing(served: readonly string[]): ReadonlyMap<string, DescriptorFile> {
  const known = descriptorFiles();
  const declaring = known.filter(({ services }) => services.some((service) => served.includes(service)));
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
