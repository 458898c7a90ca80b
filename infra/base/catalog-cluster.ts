import * as aws from '@pulumi/aws'
import * as pulumi from '@pulumi/pulumi'
import type { Network } from './network.ts'

const postgresPort = 5432

/**
 * Aurora PostgreSQL Serverless v2 that pauses when nobody asks for anything. AWS makes and rotates the master's
 * password; runs log in with tokens; deployments and operators use the Data API, which needs no way into the network.
 */
export class CatalogCluster extends pulumi.ComponentResource {
  readonly cluster: aws.rds.Cluster

  constructor(
    name: string,
    { network }: { readonly network: Network },
    opts: pulumi.ComponentResourceOptions,
  ) {
    super('sluice:aws:CatalogCluster', name, {}, opts)
    const subnets = new aws.rds.SubnetGroup(
      `${name}-subnets`,
      { subnetIds: network.isolatedSubnetIds, description: 'The catalog of Sluice' },
      { parent: this },
    )
    const group = new aws.ec2.SecurityGroup(
      `${name}-group`,
      {
        vpcId: network.vpcId,
        description: 'The catalog of Sluice: in from its runs only',
        ingress: [
          {
            protocol: 'tcp',
            fromPort: postgresPort,
            toPort: postgresPort,
            securityGroups: [network.jobGroup.id, network.functionGroup.id],
            description: 'runs',
          },
        ],
        egress: [],
      },
      { parent: this },
    )
    this.cluster = new aws.rds.Cluster(
      `${name}-cluster`,
      {
        engine: 'aurora-postgresql',
        engineMode: 'provisioned',
        // From 16.3 on, Aurora scales down to 0.
        engineVersion: '16.6',
        databaseName: 'sluice',
        masterUsername: 'sluice_master',
        manageMasterUserPassword: true,
        enableHttpEndpoint: true,
        iamDatabaseAuthenticationEnabled: true,
        storageEncrypted: true,
        serverlessv2ScalingConfiguration: { minCapacity: 0, maxCapacity: 4, secondsUntilAutoPause: 300 },
        dbSubnetGroupName: subnets.name,
        vpcSecurityGroupIds: [group.id],
        backupRetentionPeriod: 7,
        copyTagsToSnapshot: true,
        deletionProtection: true,
        skipFinalSnapshot: false,
        finalSnapshotIdentifier: `${name}-final`,
      },
      { parent: this, protect: true, ignoreChanges: ['engineVersion'] },
    )
    new aws.rds.ClusterInstance(
      `${name}-instance`,
      {
        clusterIdentifier: this.cluster.id,
        engine: 'aurora-postgresql',
        instanceClass: 'db.serverless',
        publiclyAccessible: false,
      },
      { parent: this },
    )
    this.registerOutputs({ host: this.cluster.endpoint })
  }
}
