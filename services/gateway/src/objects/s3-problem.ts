/** A failure of S3. Its message says in one sentence what is wrong, and then what to do. */
export class S3Problem extends Error {
  /** Whether it lasts until an operator changes a setting or the bucket. */
  readonly isLasting: boolean;

  constructor(message: string, isLasting: boolean, cause?: unknown) {
    super(message, { cause });
    this.isLasting = isLasting;
  }
}

interface S3Place {
  readonly endpoint: string;
  readonly bucket: string;
}

/** Sentences for operators, by the error code of S3. */
const sentences: Readonly<Record<string, (place: S3Place) => string>> = {
  InvalidAccessKeyId: () => 'S3 does not know the key. Correct PARLEY_S3_KEY_ID.',
  SignatureDoesNotMatch: () => 'S3 does not accept the secret of the key. Correct PARLEY_S3_SECRET.',
  NoSuchBucket: ({ bucket }) => `S3 has no bucket ${bucket}. Create it, or correct PARLEY_S3_BUCKET.`,
  AccessDenied: ({ bucket }) =>
    `S3 denies access to bucket ${bucket}. Allow the key s3:PutObject, s3:GetObject and s3:DeleteObject.`,
  AuthorizationHeaderMalformed: ({ bucket }) =>
    `Bucket ${bucket} is in another region. Correct PARLEY_S3_REGION and PARLEY_S3_ENDPOINT.`,
  PermanentRedirect: ({ bucket }) =>
    `Bucket ${bucket} has another endpoint. Correct PARLEY_S3_REGION and PARLEY_S3_ENDPOINT.`,
  RequestTimeTooSkewed: () => 'The clock of this machine differs too much from that of S3. Set the clock.',
};
const redirect = 300;
const forbidden = 403;
const serverError = 500;

/** Returns the problem that an error response of S3 means. `code` is empty if the response has none. */
export function problemOfResponse(place: S3Place, status: number, code: string): S3Problem {
  const known = status >= redirect && status < 400 ? 'PermanentRedirect' : status === forbidden ? 'AccessDenied' : '';
  const sentence = sentences[code] ?? sentences[known];
  if (sentence !== undefined) return new S3Problem(sentence(place), true);
  const said = [status, code].join(' ').trim();
  return status >= serverError || status === 429
    ? new S3Problem(`S3 at ${place.endpoint} fails with ${said}. Parley tries again.`, false)
    : new S3Problem(`S3 at ${place.endpoint} refuses a request with ${said}. Check PARLEY_S3_ENDPOINT.`, true);
}

/** Returns the problem if S3 does not respond. */
export function problemOfConnection({ endpoint }: S3Place, cause: unknown): S3Problem {
  const sentence = `S3 at ${endpoint} does not respond. Check PARLEY_S3_ENDPOINT and the network; Parley tries again.`;
  return new S3Problem(sentence, false, cause);
}
