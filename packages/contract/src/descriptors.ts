import { readFileSync } from 'node:fs';
import {
  createFileRegistry,
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
  toBinary,
} from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** One .proto file of the descriptor set. */
export interface DescriptorFile {
  /** Name as it appears in imports, such as `chat/v1/types.proto`. */
  readonly name: string;
  /** Names of the files it imports. */
  readonly imports: readonly string[];
  /** Full names of the services in it. */
  readonly services: readonly string[];
  /** Full names of the messages in it, including nested ones. */
  readonly messages: readonly string[];
  /**
   * Full names of everything in it: services, methods, messages, fields, oneofs, enums, enum
   * values.
   */
  readonly symbols: readonly string[];
  /** The encoded google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/**
 * Returns the encoded google.protobuf.FileDescriptorSet of the original contract, chat.v1, gRPC
 * health and reflection.
 */
export function descriptorSet(): Buffer {
  return readFileSync(new URL('../../src/gen/descriptors.binpb', import.meta.url));
}

/** Returns the files of the descriptor set. Imports come before the files that import them. */
export function descriptorFiles(): readonly DescriptorFile[] {
  return [...registry().files].map(describeFile);
}

/** Returns the descriptors as objects. This takes tens of milliseconds. */
export function registry(): FileRegistry {
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

/**
 * Returns the full names inside a type. Enum values are siblings of their enum: protobuf scopes
 * them as C++ does.
 */
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
