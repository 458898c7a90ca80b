/** Which metadata standard a dataset is to follow, beyond what tsdat itself checks. */
export type MetadataStandard = 'tsdat' | 'acdd' | 'ioos'

/** Global attributes that a standard knows, with what they are; `required` are those it wants. */
export interface StandardAttributes {
  readonly descriptions: Readonly<Record<string, string>>
  readonly required: readonly string[]
}

const acddDescriptions: Readonly<Record<string, string>> = {
  summary: 'A paragraph that describes the dataset, as an abstract does a paper.',
  keywords: 'Key words and phrases, with commas between them.',
  id: 'An identifier of the dataset, unique under its naming authority.',
  naming_authority: 'Who gives out the id, by a name such as edu.ucar.unidata.',
  source: 'How the original data was made: the model, or the kind of instrument.',
  processing_level: 'How far the data is processed or checked, in words.',
  comment: 'Anything else worth knowing.',
  acknowledgement: 'Who supported the work.',
  license: 'The terms of use, or where they are.',
  standard_name_vocabulary: 'The table that standard names are from, such as CF Standard Name Table v85.',
  date_created: 'When this version of the data was made, by ISO 8601.',
  creator_name: 'Who made the data.',
  creator_email: 'How they are reached.',
  creator_url: 'Where to read about them.',
  creator_type: 'What they are: person, group, institution or position.',
  creator_institution: 'Where they work.',
  contributor_name: 'Who else had a part, with commas between names.',
  contributor_role: 'Which part, in the order of the names.',
  institution: 'Who made the data.',
  program: 'The overarching programme.',
  project: 'The project that the data is of.',
  publisher_name: 'Who publishes the data.',
  publisher_email: 'How they are reached.',
  publisher_url: 'Where to read about them.',
  publisher_type: 'What they are: person, group, institution or position.',
  publisher_institution: 'Where they work.',
  geospatial_bounds: 'The outline in two or three dimensions, as well-known text.',
  geospatial_bounds_crs: 'The horizontal reference system of the outline, such as EPSG:4326.',
  geospatial_bounds_vertical_crs: 'The vertical reference system of the outline, such as EPSG:5829.',
  geospatial_lat_min: 'The southernmost latitude.',
  geospatial_lat_max: 'The northernmost latitude.',
  geospatial_lat_units: 'Their units; degree_north by default.',
  geospatial_lat_resolution: 'How far apart latitudes are.',
  geospatial_lon_min: 'The westernmost longitude.',
  geospatial_lon_max: 'The easternmost longitude.',
  geospatial_lon_units: 'Their units; degree_east by default.',
  geospatial_lon_resolution: 'How far apart longitudes are.',
  geospatial_vertical_min: 'The least height or depth.',
  geospatial_vertical_max: 'The greatest height or depth.',
  geospatial_vertical_units: 'Their units.',
  geospatial_vertical_resolution: 'How far apart heights or depths are.',
  geospatial_vertical_positive: 'Which way they count: up or down.',
  time_coverage_start: 'The first time, by ISO 8601.',
  time_coverage_end: 'The last time, by ISO 8601.',
  time_coverage_duration: 'How long that is, by ISO 8601.',
  time_coverage_resolution: 'How far apart times are, by ISO 8601.',
  date_modified: 'When the data was last changed, by ISO 8601.',
  date_issued: 'When it was published, by ISO 8601.',
  date_metadata_modified: 'When its metadata was last changed, by ISO 8601.',
  product_version: 'The version of the data.',
  keywords_vocabulary: 'The vocabulary that the keywords are from.',
  platform: 'What carried the instruments.',
  platform_vocabulary: 'The vocabulary that the platform is from.',
  instrument: 'What measured.',
  instrument_vocabulary: 'The vocabulary that the instrument is from.',
  cdm_data_type: 'The THREDDS data type, such as timeSeries.',
  metadata_link: 'Where the full metadata is.',
}

const ioosDescriptions: Readonly<Record<string, string>> = {
  infoUrl: 'Where to read about the dataset.',
  creator_country: 'The country of who made the data.',
  creator_sector: 'Their sector, by IOOS, such as academic.',
  creator_state: 'Their state or province.',
  creator_institution_url: 'Where to read about where they work.',
  contributor_email: 'How the others are reached.',
  contributor_role_vocabulary: 'The vocabulary that their roles are from.',
  contributor_url: 'Where to read about them.',
  publisher_country: 'The country of who publishes the data.',
  publisher_state: 'Their state or province.',
  platform_id: 'A short identifier of the platform.',
  platform_name: 'The name of the platform, for people.',
  WMO_platform_code: 'Its number with the World Meteorological Organization.',
}

const acdd: StandardAttributes = {
  descriptions: acddDescriptions,
  required: ['summary', 'Conventions', 'keywords'],
}

/**
 * What each standard adds for editors: ACDD 1.3, and the IOOS metadata profile upon it. Neither takes anything from
 * what tsdat requires (such as `description`), which is what runs check.
 */
export const metadataStandards: Readonly<Record<MetadataStandard, StandardAttributes>> = {
  tsdat: { descriptions: {}, required: [] },
  acdd,
  ioos: {
    descriptions: { ...acddDescriptions, ...ioosDescriptions },
    required: [
      ...acdd.required,
      'featureType',
      'id',
      'infoUrl',
      'naming_authority',
      'license',
      'standard_name_vocabulary',
      'creator_email',
      'creator_url',
      'creator_institution',
      'creator_country',
      'creator_sector',
      'publisher_email',
      'publisher_url',
      'publisher_institution',
      'publisher_country',
      'platform',
      'platform_vocabulary',
      'platform_name',
    ],
  },
}
