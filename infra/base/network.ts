import * as aws from '@pulumi/aws'
import * as awsx from '@pulumi/awsx'
import * as pulumi from '@pulumi/pulumi'

/**
 * A network in two zones without NAT gateways, which would cost more than all else: jobs get public addresses and no
 * inbound rule; functions and databases stand in subnets without a way out but to S3.
 */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>
  readonly publicSubnetIds: pulumi.Output<string[]>
  readonly isolatedSubnetIds: pulumi.Output<string[]>
  /** Of jobs: out to anywhere, in from nowhere. */
  readonly jobGroup: aws.ec2.SecurityGroup
  /** Of functions that reach the catalog. */
  readonly functionGroup: aws.ec2.SecurityGroup

  constructor(name: string, { region }: { readonly region: string }, opts: pulumi.ComponentResourceOptions) {
    super('sluice:aws:Network', name, {}, opts)
    const vpc = new awsx.ec2.Vpc(
      `${name}-vpc`,
      {
        cidrBlock: '10.77.0.0/16',
        numberOfAvailabilityZones: 2,
        natGateways: { strategy: 'None' },
        subnetStrategy: 'Auto',
        subnetSpecs: [
          { type: 'Public', cidrMask: 20 },
          { type: 'Isolated', cidrMask: 20 },
        ],
        enableDnsHostnames: true,
        enableDnsSupport: true,
      },
      { parent: this },
    )
    this.vpcId = vpc.vpcId
    this.publicSubnetIds = vpc.publicSubnetIds
    this.isolatedSubnetIds = vpc.isolatedSubnetIds
    new aws.ec2.VpcEndpoint(
      `${name}-s3`,
      {
        vpcId: vpc.vpcId,
        serviceName: `com.amazonaws.${region}.s3`,
        vpcEndpointType: 'Gateway',
        // Stand-ins for the component in tests answer without its route tables.
        routeTableIds: pulumi
          .output(vpc.routeTables)
          .apply((tables: readonly aws.ec2.RouteTable[] | undefined) => (tables ?? []).map(({ id }) => id)),
      },
      { parent: this },
    )
    const outwards = (part: string, description: string) =>
      new aws.ec2.SecurityGroup(
        `${name}-${part}`,
        {
          vpcId: vpc.vpcId,
          description,
          ingress: [],
          egress: [
            {
              protocol: '-1',
              fromPort: 0,
              toPort: 0,
              cidrBlocks: ['0.0.0.0/0'],
              description: 'out to anywhere',
            },
          ],
        },
        { parent: this },
      )
    this.jobGroup = outwards('jobs', 'Jobs of Sluice')
    this.functionGroup = outwards('functions', 'Functions of Sluice that reach the catalog')
    this.registerOutputs({ vpcId: this.vpcId })
  }
}
