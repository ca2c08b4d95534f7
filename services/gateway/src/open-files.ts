import { repeat } from '@parley/runtime';
import type { ServiceHost } from '@parley/service-kit';
import type { GatewayConfig } from './config.js';
import { FileBytes } from './files/file-bytes.js';
import { FileDesk } from './files/file-desk.js';
import { FileStore } from './files/file-store.js';
import { ObjectMover } from './objects/object-mover.js';
import { ObjectStore } from './objects/object-store.js';
import { S3Bucket, type S3Config } from './objects/s3-bucket.js';
import { S3Problem } from './objects/s3-problem.js';
import { Pictures } from './pictures/pictures.js';

const everyMinute = 60_000;

/**
 * Opens the bucket. If S3 does not respond, logs that: it can come back.
 * @throws {S3Problem} if a setting, the key or the bucket is wrong.
 */
async function openBucket({ context }: ServiceHost, config: S3Config): Promise<S3Bucket> {
  const bucket = await S3Bucket.open(config);
  await bucket.check().catch((thrown: unknown) => {
    if (!(thrown instanceof S3Problem) || thrown.isLasting) throw thrown;
    context.log.error({ err: thrown.cause }, thrown.message);
  });
  return bucket;
}

/** Starts to move files into S3. */
function startMover({ pool, parts, context }: ServiceHost, bucket: S3Bucket, files: FileStore, mostWaiting: number) {
  const { log, metrics } = context;
  const objects = new ObjectStore(pool);
  return parts.add('objects', new ObjectMover({ bucket, objects, files, mostWaiting, log, metrics }));
}

/** Logs that files cannot be read, if they are in S3 and S3 is not set. */
async function warnOfObjects({ pool, context }: ServiceHost): Promise<void> {
  if (await new ObjectStore(pool).hasObjects())
    context.log.error('files are in S3, which is not set: they cannot be read until PARLEY_S3_* is set again');
}

/**
 * Opens the files. Deletes every minute those that nobody can read any more. If S3 is set, moves the
 * others there.
 * @throws {S3Problem} if a setting, the key or the bucket is wrong.
 */
export async function openFiles(host: ServiceHost, { files: quotas, s3 }: GatewayConfig): Promise<FileDesk> {
  const { pool, parts, context } = host;
  const { log, metrics } = context;
  const store = new FileStore(pool, quotas);
  const bucket = s3 && (await openBucket(host, s3));
  const isServed = () => Number(bucket?.problem === undefined);
  metrics.gauge('parley_s3_up', '1 if S3 served the last request of this gateway, or is not set, else 0', isServed);
  const mover = s3 && bucket && startMover(host, bucket, store, s3.waitingBytes);
  if (mover === undefined) await warnOfObjects(host);
  const pictures = parts.add('pictures', new Pictures({ log, metrics }));
  const bytes = new FileBytes(store, bucket, log);
  const files = new FileDesk({ store, bytes, pictures, checkRoom: () => mover?.checkRoom() });
  const failed = (err: unknown) => log.warn({ err }, 'files could not be purged; retrying');
  parts.add(
    'purge of files',
    repeat(everyMinute, 0.1, () => files.purge(), failed),
  );
  return files;
}
