import bpy, sys
out = sys.argv[-1]
bpy.ops.wm.read_factory_settings(use_empty=True)
s = bpy.context.scene
s.frame_start, s.frame_end = 11, 130
s.render.fps, s.render.fps_base = 30, 1.001
s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = 1280, 720, 50
s.render.engine = 'CYCLES'
for i in range(3):
    bpy.ops.mesh.primitive_cube_add(location=(i,0,0))
bpy.ops.object.camera_add(); bpy.ops.object.camera_add()
bpy.ops.object.light_add(type='SUN'); bpy.ops.object.empty_add()
other = bpy.data.scenes.new('AAA_other'); other.frame_end = 7
other.render.resolution_x = 99
bpy.ops.wm.save_as_mainfile(filepath=out+'/blender-3.4.blend', compress=False)
bpy.ops.wm.save_as_mainfile(filepath=out+'/blender-3.4-zstd.blend', compress=True)
