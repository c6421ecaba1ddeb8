/** The whole of a body as text. What is longer than `maxBytes` is not read on: `tooLong` is thrown. */
export async function boundedText(body: AsyncIterable<Uint8Array> | null | undefined, maxBytes: number, tooLong: () => Error): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
