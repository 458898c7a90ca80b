import {
  type Dataset,
  type PipelineHooks,
  type PlotContext,
  plotSeries,
  savePlot,
} from '../../runtime/index.ts'

/** Draws the winds and the weather of each file, with what was flagged in red. */
export class LidarPlots implements PipelineHooks {
  async hook_plot_dataset(dataset: Dataset, context: PlotContext): Promise<void> {
    const speeds = [40, 60, 80, 100, 140].map((height) => `wind_speed_${height}m`)
    const plot = plotSeries(dataset, {
      panels: [speeds, 'wind_direction_100m', 'air_temperature', 'air_pressure'],
    })
    await savePlot(plot, context.ancillaryPath('profile', 'svg'))
  }
}
