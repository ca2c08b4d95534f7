import type { Refusal } from '@parley/runtime/refusal';
import { DetailedError, Upload } from 'tus-js-client';
import { onAbort } from '../abort.js';
import { refusalOf, unreachable } from './problems.js';

/**
 * Bytes to upload: in browsers a `Blob` or `File`, in Node a `Buffer`, or a stream of
 * `fs.createReadStream`, which is read piece by piece.
 */
export type UploadSource = TusSource | { readonly path: string | Uint8Array; destroy(): unknown };

type TusSource = ConstructorParameters<typeof Upload>[0];

/** Times after which a broken upload continues, in milliseconds. Each byte that arrives starts them again. */
const retryDelays = [500, 1_000, 2_000, 4_000, 8_000, 16_000];

/** One upload, as `tus` sends it. */
export interface TusUpload {
  readonly endpoint: string;
  /** Upload to continue. Absent: begins another. */
  readonly uploadUrl?: string;
  readonly source: UploadSource;
  readonly name: string;
  /** Returns the headers of each request. */
  readonly headers: () => Readonly<Record<string, string>>;
  readonly onUrl?: (url: string) => void;
  readonly onProgress?: (sent: number, total: number) => void;
  readonly signal?: AbortSignal;
}

function refusalFrom(thrown: Error | DetailedError): Refusal {
  const response = thrown instanceof DetailedError ? thrown.originalResponse : null;
  return response ? refusalOf(response.getStatus(), response.getBody()) : unreachable(thrown);
}

/**
 * Uploads bytes, and continues after each break. Resolves with the URL of the upload. If the signal
 * aborts, rejects with its reason, and the server keeps what has arrived.
 * @throws {Refusal}
 */
export function uploadByTus(options: TusUpload): Promise<string> {
  const { endpoint, uploadUrl, source, name, headers, onUrl, onProgress, signal } = options;
  return new Promise((resolve, reject) => {
    const upload = new Upload(source as TusSource, {
      ...{ endpoint, metadata: { filename: name }, retryDelays, storeFingerprintForResuming: false },
      ...(uploadUrl !== undefined && { uploadUrl }),
      onBeforeRequest: (request) => {
        for (const [header, value] of Object.entries(headers())) request.setHeader(header, value);
      },
      onUploadUrlAvailable: () => onUrl?.(String(upload.url)),
      onProgress: (sent, total) => onProgress?.(sent, total),
      onError: (thrown) => settle(() => reject(refusalFrom(thrown))),
      onSuccess: () => settle(() => resolve(String(upload.url))),
    });
    const stopListening = onAbort(signal, () => {
      upload.abort().finally(() => reject(signal?.reason));
    });
    const settle = (act: () => void) => {
      stopListening();
      act();
    };
    if (signal?.aborted !== true) upload.start();
  });
}
