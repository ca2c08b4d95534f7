import { type DescMessage, fromJsonString, toBinary } from '@bufbuild/protobuf';
import { countCommands, InboxCommand, InboxEvent } from '@parley/contract';
import { registry } from '@parley/contract/descriptors';
import type { Framing } from '@parley/fanout';
import { refuse } from '@parley/runtime';
import { convertedOnce } from '../inbox/converted-once.js';
import { binaryFraming, JsonFraming } from './frames.js';

/** Encoding of commands and events in one subprotocol. */
export interface SocketDialect {
  readonly name: string;
  readonly framing: Framing;
  /**
   * Decodes the payload of a frame.
   * @throws {Refusal} `malformed`
   */
  readonly decode: (payload: Buffer, isBinary: boolean) => InboxCommand;
}

/** Maximum bytes of events in JSON that one process keeps for other readers. */
const keptJsonBytes = 33_554_432;

const commandType = registry().getMessage('chat.v1.InboxCommand') as DescMessage;

function decoded(decode: () => InboxCommand, message: string): InboxCommand {
  let command: InboxCommand;
  try {
    command = decode();
  } catch (cause) {
    throw refuse('malformed', { message, cause });
  }
  const commands = countCommands(command);
  if (commands === 1) return command;
  if (commands > 1) throw refuse('malformed', { message: 'Send one command in each frame.' });
  throw refuse('malformed', { message: 'Unknown command. Send token, watch, post, enter, leave or pong.' });
}

function binaryCommand(payload: Buffer, isBinary: boolean): InboxCommand {
  if (!isBinary)
    throw refuse('malformed', { message: 'parley.v1 has binary frames only. To send text, use parley.v1.json.' });
  return decoded(() => InboxCommand.decode(payload), 'The frame is not an InboxCommand. Check it against inbox.proto.');
}

/**
 * Decodes proto3 JSON. Unlike the generated `fromJSON`, it rejects unknown fields and wrong types.
 */
function jsonCommand(payload: Buffer, isBinary: boolean): InboxCommand {
  if (isBinary)
    throw refuse('malformed', { message: 'parley.v1.json has text frames only. To send bytes, use parley.v1.' });
  return decoded(
    () => InboxCommand.decode(toBinary(commandType, fromJsonString(commandType, payload.toString()))),
    'The frame is not an InboxCommand in the JSON form of protobuf. Check its fields against inbox.proto.',
  );
}

function jsonOf(event: Uint8Array): string {
  return JSON.stringify(InboxEvent.toJSON(InboxEvent.decode(event)));
}

/** The subprotocols, by name. */
export const socketDialects: ReadonlyMap<string, SocketDialect> = new Map(
  [
    { name: 'parley.v1', framing: binaryFraming, decode: binaryCommand },
    { name: 'parley.v1.json', framing: new JsonFraming(convertedOnce(jsonOf, keptJsonBytes)), decode: jsonCommand },
  ].map((dialect) => [dialect.name, dialect]),
);
