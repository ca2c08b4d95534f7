/** Side of a user's picture, in pixels. It is shown with at most 56. */
const side = 256;

/**
 * Returns the middle of a picture as a small square JPEG, without metadata.
 * @throws {DOMException} if the browser cannot read the file as a picture.
 */
export async function squarePicture(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file);
  const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side });
  const context = canvas.getContext('2d');
  const { width, height } = picture;
  const edge = Math.min(width, height);
  if (context !== null) {
    context.fillStyle = 'white'; // A JPEG has no transparent pixels.
    context.fillRect(0, 0, side, side);
    context.drawImage(picture, (width - edge) / 2, (height - edge) / 2, edge, edge, 0, 0, side, side);
  }
  picture.close();
  const square = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
  if (square === null) throw new DOMException('', 'EncodingError');
  return square;
}
