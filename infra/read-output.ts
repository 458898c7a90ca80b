import * as pulumi from '@pulumi/pulumi'

/** What a stack's last deployment has put out under a name; `undefined` when it has not. */
export async function readOutput(name: string, stack: string, output: string): Promise<unknown> {
  const reference = new pulumi.StackReference(name, { name: stack })
  return (await reference.getOutputDetails(output)).value
}
