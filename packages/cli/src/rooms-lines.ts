import { terminalLine } from './plain-text.js';

/** The line that says what can be typed. */
export const roomsHelp =
  '/join ROOM   /leave   /rooms   /who ROOM   /to ID TEXT   /help   /quit   other lines go to your room';

/** A system message of document 002. */
export interface RoomFrame {
  readonly action: string;
  readonly user_id?: string;
  readonly room?: string;
  readonly message?: string;
  readonly rooms?: readonly string[];
  readonly participants?: readonly string[];
}

/** Meaning of a typed line; undefined for a blank one. */
export type RoomsLine =
  | { readonly send: RoomFrame }
  | { readonly explain: string }
  | { readonly quit: true }
  | undefined;

const command = /^\/(\w*)\s*(.*)$/s;

function withRoom(action: string, room: string): RoomsLine {
  return room === '' ? { explain: `Name a room. ${roomsHelp}` } : { send: { action, room } };
}

function privately(rest: string): RoomsLine {
  const [, id, message] = /^(\S+)\s+(.+)$/s.exec(rest) ?? [];
  if (id === undefined || message === undefined) return { explain: `Name a user and write a text. ${roomsHelp}` };
  return { send: { action: 'private_message', user_id: id, message } };
}

/** Parses a typed line. */
export function readRoomsLine(line: string): RoomsLine {
  const text = line.trim();
  if (text === '') return undefined;
  const [, word, rest = ''] = command.exec(text) ?? [];
  switch (word) {
    case undefined:
      return { send: { action: 'room_message', message: text } };
    case 'join':
      return withRoom('join', rest);
    case 'who':
      return withRoom('participants', rest);
    case 'leave':
    case 'rooms':
      return { send: { action: word } };
    case 'to':
      return privately(rest);
    case 'quit':
      return { quit: true };
    case 'help':
      return { explain: roomsHelp };
    default:
      return { explain: `There is no /${word}. ${roomsHelp}` };
  }
}

/** Returns whether a frame answers a command, rather than telling what others do. */
export function isAnswer({ action, user_id: userId }: RoomFrame, isOwnEcho: boolean): boolean {
  if (action === 'private_message') return isOwnEcho;
  return action !== 'connection' && userId === undefined;
}

function changeWords({ user_id: userId, room }: RoomFrame, verb: string): string {
  return userId === undefined ? `You ${verb} ${room}.` : `${userId} ${verb} ${room}.`;
}

function listWords(names: readonly string[] = []): string {
  return names.length === 0 ? 'none' : names.join(', ');
}

/**
 * Returns the line that shows a frame. `isOwnEcho` says whether this user sent a private message,
 * because the frame names the other user in both cases.
 */
export function roomFrameLine(frame: RoomFrame, isOwnEcho: boolean): string {
  const { action, user_id: userId, room, message = '' } = frame;
  switch (action) {
    case 'connection':
      return `You are user ${userId}. ${roomsHelp}`;
    case 'join':
      return terminalLine(changeWords(frame, 'joined'));
    case 'leave':
      return terminalLine(changeWords(frame, 'left'));
    case 'room_message':
      return terminalLine(`[${room}] ${userId ?? 'you'}: ${message}`);
    case 'private_message':
      return terminalLine(isOwnEcho ? `(to ${userId}) you: ${message}` : `(private) ${userId}: ${message}`);
    case 'rooms':
      return terminalLine(`Rooms: ${listWords(frame.rooms)}`);
    case 'participants':
      return terminalLine(`In ${room}: ${listWords(frame.participants)}`);
    default:
      return terminalLine(`! ${message}`);
  }
}
