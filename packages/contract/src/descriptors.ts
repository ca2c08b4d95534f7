import { readFileSync } from 'node:fs';
import {
  createFileRegistry,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** One .proto file of the descriptor set. */
export interface DescriptorFile {
  /** Its name as imports spell it, such as `chat/v1/types.proto`. */
  readonly name: string;
  /** Names of the files it imports. */
  readonly imports: readonly string[];
  /** Full names of the services in it. */
  readonly services: readonly string[];
  /** Full names of the messages in it, nested ones too. */
  readonly messages: readonly string[];
  /** Full names of everything in it: services, methods, messages, fields, oneofs, enums, enum values. */
  readonly symbols: readonly string[];
  /** The encoded google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/** A method of the seed document's contract; its path is `/<service>/<method>`. */
export interface SeedMethod {
  readonly service: string;
  readonly method: string;
}

/** The encoded google.protobuf.FileDescriptorSet of the seed, chat.v1, grpc health and reflection, with all imports. */
export function descriptorSet(): Buffer {
  return readFileSync(new URL('../../src/gen/descriptors.binpb', import.meta.url));
}

/** The files of the descriptor set; an import comes before the file that imports it. */
export function descriptorFiles(): readonly DescriptorFile[] {
  return [...registry().files].map(describeFile);
}

/** The methods that are served for ever under the seed's package-less names. */
export const seedMethods: readonly SeedMethod[] = readSeedMethods();

function readSeedMethods(): SeedMethod[] {
  const services = registry().getFile('seed.proto')?.services ?? [];
  return services.flatMap((service) =>
    service.methods.map(({ name }) => ({ service: service.typeName, method: name })),
  );
}

function registry() {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet()));
}

function describeFile(file: DescFile): DescriptorFile {
  const types = [...nestedTypes(file)];
  return {
    name: file.proto.name,
    imports: file.proto.dependency,
    services: file.services.map((service) => service.typeName),
    messages: types.filter((type) => type.kind === 'message').map((message) => message.typeName),
    symbols: types.flatMap((type) => [type.typeName, ...partsOf(type)]),
    bytes: toBinary(FileDescriptorProtoSchema, file.proto),
  };
}

/** The full names inside a type. The values of an enum are its siblings: protobuf scopes them as C++ does. */
function partsOf(type: DescMessage | DescEnum | DescExtension | DescService): string[] {
  switch (type.kind) {
    case 'message':
      return [...type.fields, ...type.oneofs].map((part) => `${type.typeName}.${part.name}`);
    case 'enum':
      return type.values.map((value) => type.typeName.replace(/[^.]*$/, value.name));
    case 'service':
      return type.methods.map((method) => `${type.typeName}.${method.name}`);
    case 'extension':
      return [];
  }
}
