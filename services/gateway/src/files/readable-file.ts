import { ChannelService, HistoryRequest, User, UserService } from '@parley/contract';
import { refuse } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import type { ServiceCalls } from '../api/service-calls.js';
import { isTemporary } from '../api/temporary.js';
import type { FileStore, MessageWithFile, StoredFile } from './file-store.js';

/**
 * Returns whether the caller may read the file in this message, which is true exactly if History
 * shows the message with the file. So closed history, bans, deletions and retention apply to files
 * as they do to text.
 */
async function isReadIn(calls: ServiceCalls, { channelId, seq }: MessageWithFile, fileId: string): Promise<boolean> {
  const request = HistoryRequest.fromPartial({ channelId, beforeSeq: seq + 1, size: 1 });
  try {
    const { messages } = await calls.managers(ChannelService.history, request);
    const [found] = messages;
    return found?.seq === seq && !found.deleted && found.fileIds.includes(fileId);
  } catch (thrown) {
    if (isTemporary(asRefusal(thrown))) throw thrown;
    return false;
  }
}

/** Returns whether the file is the picture of its owner, and the caller may see the profile of the owner. */
async function isSeenAvatar(calls: ServiceCalls, { id, ownerId, isAvatar }: StoredFile): Promise<boolean> {
  if (!isAvatar) return false;
  try {
    return (await calls.users(UserService.get, User.fromPartial({ id: ownerId }))).avatarId === id;
  } catch (thrown) {
    if (isTemporary(asRefusal(thrown))) throw thrown;
    return false;
  }
}

/**
 * Returns a complete file that the caller may read: a file of the caller that no message has yet or
 * that is the picture of the caller, one in a message that the caller may read, or the picture of a
 * user whose profile the caller may see.
 * @throws {Refusal} `file-not-found`, also if the file exists.
 */
export async function readableFile(store: FileStore, calls: ServiceCalls, fileId: string): Promise<StoredFile> {
  const { id: userId } = await calls.me();
  const file = await store.find(fileId);
  if (file?.complete !== true) throw refuse('file-not-found');
  if (file.ownerId === userId && (file.isAvatar || !file.isPosted)) return file;
  if (await isSeenAvatar(calls, file)) return file;
  for (const message of await store.messagesWith(file.id, userId))
    if (await isReadIn(calls, message, file.id)) return file;
  throw refuse('file-not-found');
}
