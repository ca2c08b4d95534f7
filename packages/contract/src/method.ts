/** Codec of one message type, in the form that ts-proto generates. */
export interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  /**
   * Decodes a message. Fields of the protobuf type `bytes` are views of the input, not copies.
   * @throws {Error} if the bytes are malformed
   */
  decode(bytes: Uint8Array): T;
}

/** One RPC: its path on the wire, its message types, and which sides stream. */
export interface Method<Request = unknown, Response = unknown> {
  /** Path on the wire, such as `/chat.v1.UserService/Login`. */
  readonly path: string;
  readonly requestType: Codec<Request>;
  readonly responseType: Codec<Response>;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

function fails(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

/**
 * Encodes the request of a call.
 * @throws {TypeError} that names the call and the field if a value has the wrong type
 */
export function encodeRequest<Q>({ path, requestType }: Method<Q>, request: Q): Uint8Array {
  try {
    return requestType.encode(request).finish();
  } catch (cause) {
    const empty = requestType.decode(new Uint8Array());
    const isWrong = ([name, value]: [string, unknown]) => fails(() => requestType.encode({ ...empty, [name]: value }));
    const [field = 'request'] = Object.entries(request ?? {}).find(isWrong) ?? [];
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`${path}: ${field} has a value of the wrong type (${words}). Nothing was sent.`, { cause });
  }
}

/** A service in the form that ts-proto generates. */
export interface GeneratedService {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, Omit<Method, 'path'> & { readonly name: string }>>;
}

/** Methods of a service by name in lower camel case, each with its path. */
export type Service<S extends GeneratedService> = {
  readonly [K in keyof S['methods']]: S['methods'][K] & { readonly path: string };
};

/**
 * Returns a generated method with its path on the wire. `fullName` names the service, such as
 * `chat.v1.UserService`.
 */
export function methodOf<M extends { readonly name: string }>(
  fullName: string,
  method: M,
): M & { readonly path: string } {
  return { ...method, path: `/${fullName}/${method.name}` };
}

/** Adds the path on the wire to each method of a generated service. */
export function serviceOf<S extends GeneratedService>({ fullName, methods }: S): Service<S> {
  return Object.fromEntries(
    Object.entries(methods).map(([key, method]) => [key, methodOf(fullName, method)]),
  ) as Service<S>;
}
