import { refuse } from '@parley/runtime';
import * as z from 'zod';
import type { Download } from '../api/download.js';
import { route } from '../api/route.js';
import type { StoredFile } from '../files/file-store.js';

const tag = 'files';
export const fileParams = z.object({ file_id: z.string() });

/** A complete file. */
export const fileShape = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    size: z.int().meta({ description: 'bytes' }),
    content_type: z.string().meta({ description: 'follows from the content, not from what the client says' }),
    posted: z.boolean().meta({ description: 'false: no message has it yet, and after a day it is deleted' }),
    content: z.string().meta({ description: 'path of the bytes' }),
    picture: z
      .strictObject({
        width: z.int().meta({ description: 'pixels' }),
        height: z.int().meta({ description: 'pixels' }),
        thumbnail: z.string().meta({ description: 'path of a smaller copy, as WebP' }),
      })
      .nullable()
      .meta({ description: 'null: browsers save the file instead of showing it as a picture' }),
  })
  .meta({ id: 'File' });

/** Returns a file in the form of the REST API. */
export function fileJson({
  id,
  name,
  size,
  contentType,
  isPosted,
  width,
  height,
}: StoredFile): z.infer<typeof fileShape> {
  const path = `/api/v1/files/${id}`;
  const picture = width === 0 ? null : { width, height, thumbnail: `${path}/thumbnail` };
  return { id, name, size, content_type: contentType, posted: isPosted, content: `${path}/content`, picture };
}

const uploadForm = route({
  ...{ method: 'POST', path: '/files', tag, status: 201 },
  summary: 'Uploads 1 to 10 files as a form, to be sent with a message. Stores all of them, or none.',
  upload: 'multipart/form-data',
  answer: z.strictObject({ files: z.array(fileShape) }),
  run: async ({ files, incoming, calls, hold }) => ({
    files: (await files.receiveForm({ incoming, calls, hold })).map(fileJson),
  }),
});

const readFile = route({
  ...{ method: 'GET', path: '/files/{file_id}', tag },
  summary: 'Describes a file of a message that the caller may read, or of the caller.',
  params: fileParams,
  answer: fileShape,
  run: async ({ files, calls, params: { file_id: id } }) => fileJson(await files.find(calls, id)),
});

const readContent = route<z.infer<typeof fileParams>, undefined, undefined, Download>({
  ...{ method: 'GET', path: '/files/{file_id}/content', tag, status: 200, isDownload: true },
  summary: 'Returns the bytes of a file, or one range of them.',
  headers: {
    range: z.string().optional().meta({ description: 'one range, such as bytes=0-1023' }),
    'if-range': z.string().optional().meta({ description: 'ETag of the bytes that the client has' }),
  },
  params: fileParams,
  run: async ({ files, calls, params: { file_id: id } }) => files.open(calls, id),
});

const readThumbnail = route<z.infer<typeof fileParams>, undefined, undefined, Download>({
  ...{ method: 'GET', path: '/files/{file_id}/thumbnail', tag, status: 200, isDownload: true },
  summary: 'Returns a smaller copy of a picture: its first frame, as WebP of at most 640 by 640 pixels.',
  params: fileParams,
  run: async ({ files, calls, params: { file_id: id } }) => files.openThumbnail(calls, id),
});

const removeFile = route({
  ...{ method: 'DELETE', path: '/files/{file_id}', tag },
  summary: 'Deletes a file of the caller that no message has.',
  params: fileParams,
  run: async ({ files, calls, params: { file_id: id } }) => files.delete(calls, id),
});

const tusVersion = '1.0.0';
const tusHeaders = { 'tus-resumable': z.string().regex(/^1\.0\.0$/) };
/** Headers with the version of tus and the supported extensions. */
const tusOffers = {
  'tus-resumable': tusVersion,
  'tus-version': tusVersion,
  'tus-extension': 'creation,expiration,termination',
};
const piecesType = 'application/offset+octet-stream';
const tusTag = 'uploads';
const byteCount = z.string().regex(/^\d{1,15}$/);

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Returns a header that is a number of bytes. @throws {Refusal} `invalid-request` */
function bytesIn(headers: Headers, name: string): number {
  const text = headers[name];
  if (!byteCount.safeParse(text).success)
    throw refuse('invalid-request', { message: `Send a number of bytes in the header ${name}.` });
  return Number(text);
}

/** @throws {Refusal} `precondition-failed` */
function checkVersion(headers: Headers): void {
  if (headers['tus-resumable'] !== tusVersion)
    throw refuse('precondition-failed', {
      message: `Uploads use tus ${tusVersion}. Send the header Tus-Resumable: ${tusVersion}.`,
    });
}

/** Returns the filename in Upload-Metadata: pairs of a key and base64, with commas between them. */
function nameIn({ 'upload-metadata': metadata = '' }: Headers): string {
  const pairs = String(metadata)
    .split(',')
    .map((pair) => pair.trim().split(/ +/));
  const [, encoded = ''] = pairs.find(([key]) => key === 'filename') ?? [];
  return Buffer.from(encoded, 'base64').toString();
}

/** Sets the headers that say how far an upload is. */
function tellProgress({ received, size, staleMs }: StoredFile, setHeader: (name: string, value: string) => void): void {
  setHeader('upload-offset', String(received));
  setHeader('upload-length', String(size));
  if (staleMs !== 0) setHeader('upload-expires', new Date(staleMs).toUTCString());
}

const begin = route({
  ...{ method: 'POST', path: '/uploads', tag: tusTag, status: 201, offers: tusOffers },
  summary: 'Begins a resumable upload by tus. Location is its path, which ends with the id of the file.',
  headers: {
    ...tusHeaders,
    'upload-length': byteCount.meta({ description: 'size of the file in bytes' }),
    'upload-metadata': z.string().optional().meta({ description: 'filename and its base64, as tus has it' }),
  },
  answer: z.strictObject({ id: z.string() }),
  run: async ({ files, calls, headers, setHeader }) => {
    checkVersion(headers);
    const file = await files.begin(calls, nameIn(headers), bytesIn(headers, 'upload-length'));
    setHeader('location', `/api/v1/uploads/${file.id}`);
    tellProgress(file, setHeader);
    return { id: file.id };
  },
});

const readUpload = route({
  ...{ method: 'GET', path: '/uploads/{file_id}', tag: tusTag, offers: tusOffers },
  summary: 'Returns how far an upload of the caller is.',
  params: fileParams,
  answer: z.strictObject({ id: z.string(), received: z.int(), size: z.int(), complete: z.boolean() }),
  run: async ({ files, calls, params: { file_id: id }, setHeader }) => {
    const file = await files.progress(calls, id);
    tellProgress(file, setHeader);
    const { received, size, complete } = file;
    return { id, received, size, complete };
  },
});

const append = route({
  ...{ method: 'PATCH', path: '/uploads/{file_id}', tag: tusTag, offers: tusOffers },
  summary: 'Appends bytes to an upload. With the last byte, the file is complete.',
  headers: { ...tusHeaders, 'upload-offset': byteCount.meta({ description: 'number of bytes that the upload has' }) },
  upload: piecesType,
  params: fileParams,
  run: async ({ files, incoming, calls, hold, headers, params: { file_id: id }, setHeader }) => {
    checkVersion(headers);
    if (headers['content-type'] !== piecesType || headers['content-encoding'] !== undefined)
      throw refuse('wrong-media-type', { message: `Send bytes as ${piecesType}, not compressed.` });
    const file = await files.append({ incoming, calls, hold }, id, bytesIn(headers, 'upload-offset'));
    tellProgress(file, setHeader);
  },
});

const terminate = route({
  ...{ method: 'DELETE', path: '/uploads/{file_id}', tag: tusTag, offers: tusOffers },
  summary: 'Ends an upload, and deletes the bytes that have arrived.',
  headers: tusHeaders,
  params: fileParams,
  run: async ({ files, calls, headers, params: { file_id: id } }) => {
    checkVersion(headers);
    return files.delete(calls, id);
  },
});

/** Files of the caller and of messages, and resumable uploads. */
export const fileRoutes = [
  ...[uploadForm, readFile, readContent, readThumbnail, removeFile],
  ...[begin, readUpload, append, terminate],
];
