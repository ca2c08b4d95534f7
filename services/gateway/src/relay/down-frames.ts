import { BinaryReader } from '@bufbuild/protobuf/wire';
import { RelayDown } from '@parley/contract';

/** A frame of a followed channel. `message` is the encoded `Message`. */
export interface ChannelFrame {
  /** Id of the follow. */
  readonly id: number;
  readonly channelId: number;
  readonly message: Uint8Array;
}

/** A frame of a chat server: one of a followed channel, or any other. */
export type DownFrame = { readonly frame: ChannelFrame } | { readonly down: RelayDown };

const idField = 1;
const channelField = 2;
const frameField = 3;

/**
 * Decodes a frame of a chat server, but not the message of a followed channel.
 * @throws {Error} if it is malformed.
 */
export function decodeDown(bytes: Uint8Array): DownFrame {
  const reader = new BinaryReader(bytes);
  let [id, channelId] = [0, 0];
  let message: Uint8Array | undefined;
  while (reader.pos < bytes.length) {
    const [field, wireType] = reader.tag();
    if (field === idField && wireType === 0) id = reader.uint32();
    else if (field === channelField && wireType === 0) channelId = reader.uint32();
    else if (field === frameField && wireType === 2) message = reader.bytes();
    else reader.skip(wireType, field);
  }
  return message === undefined ? { down: RelayDown.decode(bytes) } : { frame: { id, channelId, message } };
}
