/**
 * Documents on the network that a request may lead us to (the certificate and the confirmation of SNS). Whoever calls has
 * checked the host by name; whoever implements checks where that name leads.
 */
export interface Documents {
  /** The text at a URL, kept. Throws `NotAllowed` for what will never be read, `DependencyMissing` (503) for what may work later. */
  read(url: string): Promise<string>;
  /** GETs a URL for its effect. Throws as `read` does. */
  visit(url: string): Promise<void>;
}
